import { domainOf } from '../protocol/ids.ts';
import { ERROR_REGISTRY, isErrorCode } from '../protocol/errors.ts';
import type { MessageDraft, MessageStore, StoredMessage } from '../server/domain/messages/message-store.ts';
import type { OutboxStore } from '../server/domain/outbox/outbox-store.ts';
import type { Mutation } from './instance-host.ts';

const FIRST_SERVER_FAULT = 500;

/** Acknowledges before the commit: what a server has just answered for is lost with its process. */
export const acknowledgesBeforeCommit: Mutation = (stores, { life }) => {
  const messages: MessageStore = {
    ...stores.messages,
    async insert(drafts, options) {
      // Once the answer is on its way: the process may be dead by then.
      life.timers.after(COMMIT_DELAY_MS, () => void stores.messages.insert(drafts, { ...options, nonce: null }).catch(() => {}));
      const { localDomain, now } = options;
      return drafts.map((draft) => ({ kind: 'stored' as const, message: { ...draft, position: 1, receivedAt: now }, localMembers: [draft.senderId], remoteDomains: [localDomain] }));
    },
  };
  return { ...stores, messages };
};

const COMMIT_DELAY_MS = 50;

/** Knows what it has stored only as long as its process lives: what is repeated to its next life is there twice. */
export const forgetsWhatItKnew: Mutation = (stores, { localDomain }) => {
  const known = new Set<string>();
  const messages: MessageStore = {
    ...stores.messages,
    async insert(drafts, options) {
      const isForgotten = (draft: MessageDraft): boolean => draft.originDomain !== localDomain && !known.has(draft.messageId);
      const forgotten = drafts.filter(isForgotten);
      const outcomes = await stores.messages.insert(drafts, options);
      for (const draft of forgotten) known.add(draft.messageId);
      if (outcomes === 'replayed') return outcomes;
      const repeats = forgotten.filter((draft) => outcomes[drafts.indexOf(draft)]?.kind === 'duplicate');
      // Past the constraint, which knows it still: under another name.
      if (repeats.length > 0) await stores.messages.insert(repeats.map(rename), { ...options, nonce: null });
      return outcomes;
    },
    async list(...words) {
      const page = await stores.messages.list(...words);
      return page?.map((message) => nameAgain(message, localDomain)) ?? null;
    },
  };
  return { ...stores, messages };
};

/** The variant digit of the ids of this checker is 8: with a 9 it is another id, and says which it was. */
function rename(draft: MessageDraft): MessageDraft {
  return { ...draft, messageId: swap(draft.messageId, '-8000-', '-9000-') };
}

function nameAgain(message: StoredMessage, localDomain: string): StoredMessage {
  return domainOf(message.senderId) === localDomain ? message : { ...message, messageId: swap(message.messageId, '-9000-', '-8000-') };
}

function swap<Id extends string>(id: Id, from: string, to: string): Id {
  return id.replace(from, to) as Id;
}

/** Counts a delivery as made where the peer answered that it could not take it. */
export const dropsOnServerFaults: Mutation = (stores, { life }) => {
  const { outbox } = stores;
  const changed: OutboxStore = {
    ...outbox,
    async markRetry(item, retry) {
      if (!isServerFault(retry.errorCode)) return outbox.markRetry(item, retry);
      return (await outbox.markDelivered(item.destination, [item.id])).length > 0;
    },
    async noteQueueFailure(domain, failure) {
      if (life.isAlive() && isServerFault(failure.errorCode)) {
        const [first] = await outbox.listDue(domain, { now: failure.nextAttemptAt, limit: 1 });
        if (first !== undefined) await outbox.markDelivered(domain, [first.id]);
      }
      return outbox.noteQueueFailure(domain, failure);
    },
  };
  return { ...stores, outbox: changed };
};

/** A 5xx of the peer itself, or of a proxy before it, which nobody has signed. */
function isServerFault(code: string): boolean {
  return code === 'bad_answer' || code === 'answer_not_authentic' || (isErrorCode(code) && ERROR_REGISTRY[code].status >= FIRST_SERVER_FAULT);
}
