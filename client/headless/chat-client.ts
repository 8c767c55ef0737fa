import type { RandomBytes } from '../../e2ee/random.ts';
import { ClientError } from '../client-error.ts';
import type { HashPassword } from '../keystore/argon2.ts';
import type { Keystore, OpenAccount } from '../keystore/keystore.ts';
import type { ChatClient, SignedIn } from '../model.ts';
import type { OpenSocket } from '../realtime/realtime-handlers.ts';
import { createInstanceClient } from '../trpc/instance-client.ts';
import type { Fetch } from '../trpc/instance-client.ts';
import { createAccount } from './account.ts';
import type { ClientClock } from './clock.ts';
import { conversationIdOf } from './conversations.ts';
import { createCredentials } from './credentials.ts';
import { createEventHub } from './event-hub.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';
import { foldUserId } from './contacts.ts';

/** What the client needs of its surroundings, a browser's or Node's. */
interface ChatClientOptions {
  /** Origin of the own instance without a trailing slash; empty for the page's own. */
  readonly baseUrl: string;
  /** Must carry the instance's cookies. */
  readonly fetch: Fetch;
  readonly openSocket: OpenSocket;
  readonly keystore: Keystore;
  readonly hashPassword: HashPassword;
  readonly random: RandomBytes;
  readonly clock: ClientClock;
}

/** Creates the whole client, signed out; `account.restore` opens what the keystore holds. */
export function createChatClient(options: ChatClientOptions): ChatClient {
  const { keystore } = options;
  const api = createInstanceClient(options);
  const events = createEventHub();
  let session: Session | null = null;

  function open(account: OpenAccount): SignedIn {
    session?.close();
    session = openSession(account, { ...options, api, events, onUnauthorized: end });
    return session.signedIn;
  }

  function close(): void {
    session?.close();
    session = null;
  }

  /** Ends what the server ended: no key stays behind on a device that lost its session. */
  function end(): void {
    if (session === null) return;
    close();
    keystore.wipe().finally(() => events.emit({ kind: 'signed_out' }));
  }

  function signedIn(): Session {
    if (session === null) throw new ClientError('signed_out');
    return session;
  }

  /** Does what needs a session, and ends this one where the server no longer knows it. */
  async function within<Result>(task: (open: Session) => Promise<Result>): Promise<Result> {
    try {
      return await task(signedIn());
    } catch (thrown) {
      if (thrown instanceof ClientError && thrown.code === 'signed_out') end();
      throw thrown;
    }
  }

  return {
    account: createAccount({
      ...options,
      api,
      credentials: createCredentials(options),
      open,
      close,
      within,
      current: () => session?.signedIn ?? null,
    }),
    contacts: {
      lookup: (userId) => within(({ contacts }) => contacts.lookup(userId)),
      safetyNumber: (userId) =>
        within(({ contacts }) => {
          const other = foldUserId(userId);
          if (other === null) throw new ClientError('participant_unavailable');
          return contacts.safetyNumber(other);
        }),
    },
    conversations: {
      list: () => within(({ conversations }) => conversations.list()),
      get: (id) => within(({ conversations }) => conversations.get(id)),
      open: (participants, label) => within(({ conversations }) => conversations.open(participants, label)),
      addParticipant: (id, userId) => within(({ conversations }) => conversations.addParticipant(id, userId)),
      removeParticipant: (id, userId) => within(({ conversations }) => conversations.removeParticipant(id, userId)),
      rotate: (id) => within(({ conversations }) => conversations.rotate(id)),
      leave: (id) => within(({ conversations }) => conversations.leave(id)),
      accept: (id) => within(({ conversations }) => conversations.accept(id)),
      setLabel: (id, label) => within(({ conversations }) => conversations.setLabel(id, label)),
      markRead: (id, position) => within(({ conversations }) => conversations.markRead(id, position)),
      typing: (id) => session?.conversations.typing(id),
    },
    messages: {
      list: (id, range) => within(({ messages }) => messages.list(id, range)),
      send: (id, text, onQueued) => within(({ messages }) => messages.send(id, text, onQueued)),
      retry: (messageId, domain) => within(({ messages }) => messages.retry(messageId, domain)),
      receipts: (messageId) => within(({ messages }) => messages.receipts(messageId)),
    },
    drafts: {
      get: async (id) => keystore.findDraft(conversationIdOf(id)),
      set: (id, text) => within(async () => keystore.saveDraft(conversationIdOf(id), text)),
    },
    subscribe: events.subscribe,
    connection: () => session?.convergence.state() ?? 'offline',
    close,
  };
}
