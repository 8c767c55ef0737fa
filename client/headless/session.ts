import { createIdentity } from '../../e2ee/identity.ts';
import type { RandomBytes } from '../../e2ee/random.ts';
import { domainOf } from '../../protocol/ids.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import type { Keystore, OpenAccount } from '../keystore/keystore.ts';
import type { ChatClient, PrivacyView, SignedIn } from '../model.ts';
import type { OpenSocket } from '../realtime/realtime-handlers.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance } from '../trpc/instance-error.ts';
import { createAcknowledger } from './acknowledger.ts';
import type { Acknowledger } from './acknowledger.ts';
import { createContacts } from './contacts.ts';
import type { Contacts } from './contacts.ts';
import type { ClientClock } from './clock.ts';
import { createConvergence } from './convergence.ts';
import type { Convergence } from './convergence.ts';
import { createConversationBook } from './conversation-book.ts';
import { createConversations } from './conversations.ts';
import { createDeliveryNews } from './delivery-news.ts';
import type { EventHub } from './event-hub.ts';
import { createLeaving } from './leaving.ts';
import type { Leaving } from './leaving.ts';
import { createMembershipAuthor } from './membership-author.ts';
import { createMessageReader } from './message-reader.ts';
import { createMessages } from './messages.ts';
import { createReceiptBook } from './receipt-book.ts';
import { createReceiptKeeper } from './receipt-keeper.ts';
import { createReplayGuard } from './replay-guard.ts';
import { publicInput } from './sign-in.ts';
import { createVaultKeeper } from './vault-keeper.ts';
import type { VaultKeeper } from './vault-keeper.ts';

/** What one person's sign-in on this device is made of; gone when they sign out. */
export interface Session {
  readonly signedIn: SignedIn;
  readonly contacts: Contacts;
  readonly conversations: ChatClient['conversations'];
  readonly messages: ChatClient['messages'];
  readonly convergence: Convergence;
  privacy(): Promise<PrivacyView>;
  setPrivacy(privacy: PrivacyView): Promise<void>;
  /** Makes new identity keys that the old ones do not vouch for. @see docs/protocol.md [E2E-1] */
  resetIdentity(): Promise<void>;
  close(): void;
}

/** What a session needs from outside. */
interface SessionParts {
  readonly api: InstanceClient;
  readonly keystore: Keystore;
  readonly random: RandomBytes;
  readonly clock: ClientClock;
  readonly events: EventHub;
  readonly openSocket: OpenSocket;
  readonly onUnauthorized: () => void;
}

/** Opens the session of an account that the keystore holds, and starts to follow its server. */
export function openSession(account: OpenAccount, parts: SessionParts): Session {
  const { api, keystore, clock } = parts;
  const self = account.userId;
  const vault = createVaultKeeper({ ...parts, account });
  const contacts = createContacts({ ...parts, vault });
  const onVerified: Leaving['notice'] = (conversation) => leaving.notice(conversation);
  const book = createConversationBook({ api, vault, keystore, contacts, onVerified });
  const guard = createReplayGuard(keystore);
  const news = createDeliveryNews();
  const receipts = createReceiptBook();
  const receiptKeeper = createReceiptKeeper({ api, self, receipts, events: parts.events });
  const onRead: Acknowledger['noteRead'] = (conversationId, positions) => acknowledger.noteRead(conversationId, positions);
  const reader = createMessageReader({ self, book, contacts, guard, news, receipts, onRead });
  const acknowledger: Acknowledger = createAcknowledger({
    ...parts,
    findDelivered: async (conversationId) => (await book.load(conversationId)).summary.deliveredPosition,
    readAll: (conversationId, page) => reader.read(conversationId, page),
  });
  const author = createMembershipAuthor({ ...parts, vault, book, contacts });
  const leaving: Leaving = createLeaving({ api, vault, book, author, clock });
  const noteShown = (conversationId: ConversationId, position: number): void =>
    convergence.noteShown(conversationId, position);
  const messages = createMessages({
    ...parts,
    vault,
    book,
    contacts,
    reader,
    receipts,
    receiptKeeper,
    isOnline: () => convergence.state() === 'online',
    onPage: (conversationId, page) => {
      noteShown(conversationId, page.messages.at(-1)?.position ?? 0);
      convergence.noteDeliveries(page.messages, page.deliveries);
    },
  });
  const convergence: Convergence = createConvergence({
    ...parts,
    self,
    book,
    reader,
    news,
    receipts,
    receiptKeeper,
    acknowledger,
    onConverged(conversationIds) {
      messages.resume(conversationIds);
      // What another device wrote, and what this one could not save: both can wait for the next time.
      synchronise(vault).catch(() => undefined);
    },
  });
  convergence.start();
  return {
    signedIn: { userId: self, domain: domainOf(self) },
    contacts,
    conversations: createConversations({
      api, vault, book, author, leaving, reader, clock, acknowledger,
      onListed(summary) {
        noteShown(summary.conversationId, summary.lastPosition);
        acknowledger.noteListed(summary);
      },
    }),
    messages,
    convergence,
    privacy: () => callInstance(api.account.privacy.query()),
    async setPrivacy(privacy) {
      await callInstance(api.account.setPrivacy.mutate(privacy));
      if (!privacy.receipts) receipts.clear();
      parts.events.emit({ kind: 'privacy', privacy });
    },
    resetIdentity: () => resetIdentity(vault, parts),
    close() {
      messages.close();
      acknowledger.close();
      leaving.close();
      convergence.close();
    },
  };
}

async function synchronise(vault: VaultKeeper): Promise<void> {
  await vault.refresh();
  await vault.save();
}

async function resetIdentity(vault: VaultKeeper, { api, random, clock }: SessionParts): Promise<void> {
  await vault.replace(
    (contents) => {
      const { userId, keyVersion } = contents.identity;
      const createdAt = formatTimestamp(clock.now());
      const identity = createIdentity({ userId, keyVersion: keyVersion + 1, createdAt, random });
      return { ...contents, identity, former: [contents.identity, ...contents.former] };
    },
    (sealed, contents) => api.account.resetIdentity.mutate({ publicIdentity: publicInput(contents), vault: sealed }),
  );
}

