import { encryptMessage } from '../../e2ee/message.ts';
import type { RandomBytes } from '../../e2ee/random.ts';
import type { ConversationId, MessageId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import type { WireDelivery, WireMessage } from '../../server/realtime/events.ts';
import { ClientError } from '../client-error.ts';
import type { Keystore, OutgoingMessage } from '../keystore/keystore.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance, clientErrorOf } from '../trpc/instance-error.ts';
import type { ClientClock } from './clock.ts';
import { createMessageId } from './message-id.ts';
import { findSigningSecret } from './own-signing-key.ts';
import type { VaultKeeper } from './vault-keeper.ts';
import type { VerifiedConversation } from './verified-conversation.ts';

/** What the own server says of a message that it stored. */
export interface StoredAnswer {
  readonly message: WireMessage;
  readonly deliveries: readonly WireDelivery[];
}

/** What became of a queued message, told to whoever waits for it. */
interface OutgoingListener {
  onStored(conversationId: ConversationId, answer: StoredAnswer): void;
  onRejected(conversationId: ConversationId, message: OutgoingMessage, error: ClientError): void;
  /** The server knows our session no more; what waits stays as it is. */
  onUnauthorized(): void;
}

/** Encrypts messages once, keeps them until the own server has stored them, and sends them in order. */
export interface Outgoing {
  /** Encrypts, keeps and queues a text; resolves when it is kept, before anything is sent. */
  enqueue(conversation: VerifiedConversation, text: string): Promise<OutgoingMessage>;
  /** Sends what waits, one after the other, again and again until the server answers. */
  pump(conversationId: ConversationId): void;
  /** Tries at once what waits for its next attempt. */
  wake(): void;
  waiting(conversationId: ConversationId): Promise<readonly OutgoingMessage[]>;
  close(): void;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/** Creates the queue of the person signed in. */
export function createOutgoing(options: {
  readonly api: InstanceClient;
  readonly vault: VaultKeeper;
  readonly keystore: Keystore;
  readonly random: RandomBytes;
  readonly clock: ClientClock;
  readonly listener: OutgoingListener;
}): Outgoing {
  const { api, keystore, clock, listener } = options;
  const requested = new Set<ConversationId>();
  const pumping = new Set<ConversationId>();
  const pauses = new Set<() => void>();
  const closing = new AbortController();

  async function remove(conversationId: ConversationId, messageId: MessageId): Promise<void> {
    await keystore.updateSending(conversationId, async (state) => ({
      ...state,
      waiting: state.waiting.filter((message) => message.messageId !== messageId),
    }));
  }

  function pause(attempt: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        pauses.delete(finish);
        resolve();
      };
      const cancel = clock.schedule(finish, Math.min(FIRST_RETRY_MS * 2 ** attempt, LONGEST_RETRY_MS));
      pauses.add(finish);
    });
  }

  /** Tells whether the message has left the queue; a failure that may pass leaves it in, byte for byte. */
  async function attempt(conversationId: ConversationId, message: OutgoingMessage): Promise<boolean> {
    try {
      const answer = await callInstance(api.messages.send.mutate({ conversationId, ...message }));
      await remove(conversationId, message.messageId);
      listener.onStored(conversationId, { ...answer, message: { ...answer.message, payload: message.payload } });
    } catch (thrown) {
      const error = clientErrorOf(thrown);
      if (error.code === 'signed_out') listener.onUnauthorized();
      if (error.transient || error.code === 'signed_out') return false;
      await remove(conversationId, message.messageId);
      listener.onRejected(conversationId, message, error);
    }
    return true;
  }

  async function drain(conversationId: ConversationId): Promise<void> {
    let failures = 0;
    while (!closing.signal.aborted) {
      const [next] = (await keystore.findSending(conversationId)).waiting;
      if (next === undefined) return;
      if (await attempt(conversationId, next)) failures = 0;
      else await pause(failures++);
    }
  }

  /** No await stands between the last look at the requests and the end, so that none is overlooked. */
  async function run(conversationId: ConversationId): Promise<void> {
    pumping.add(conversationId);
    try {
      while (requested.delete(conversationId)) await drain(conversationId);
    } finally {
      pumping.delete(conversationId);
    }
  }

  return {
    enqueue: (conversation, text) => enqueue(options, conversation, text),
    pump(conversationId) {
      requested.add(conversationId);
      // The store of this device may fail: what waits is then sent after the next start.
      if (!pumping.has(conversationId)) run(conversationId).catch(() => undefined);
    },
    wake() {
      for (const finish of pauses) finish();
    },
    waiting: async (conversationId) => (await keystore.findSending(conversationId)).waiting,
    close() {
      closing.abort();
      for (const finish of pauses) finish();
    },
  };
}

/** The sequence number is kept together with the message before anything leaves: no number and no nonce serves twice. */
async function enqueue(
  options: {
    readonly vault: VaultKeeper;
    readonly keystore: Keystore;
    readonly random: RandomBytes;
    readonly clock: ClientClock;
  },
  conversation: VerifiedConversation,
  text: string,
): Promise<OutgoingMessage> {
  const { vault, keystore, random, clock } = options;
  const { head, standing } = conversation;
  if (standing !== 'member' || head === null || head.sessionKey === null) throw new ClientError('not_a_member');
  const { conversationId, epoch } = head.statement;
  const { sessionKey, hash } = head;
  const senderId = vault.account().userId;
  const signingSecretKey = findSigningSecret(vault.contents(), head.statement);
  if (signingSecretKey === null) throw new ClientError('not_a_member');
  const device = await keystore.deviceId();
  const now = clock.now();
  const timestamp = formatTimestamp(now);
  const messageId = createMessageId(now, random);
  let queued: OutgoingMessage | null = null;
  await keystore.updateSending(conversationId, async ({ seq, prev, waiting }) => {
    const bound = { conversationId, epoch, membership: hash, messageId, senderId, device, seq: seq + 1, prev, timestamp };
    const { payload, signatureInputHash } = await encryptMessage({
      associatedData: bound,
      content: { kind: 'text', text },
      sessionKey,
      signingSecretKey,
      random,
    });
    queued = { messageId, payload, timestamp };
    return { seq: seq + 1, prev: signatureInputHash, waiting: [...waiting, queued] };
  });
  if (queued === null) throw new ClientError('server_error');
  return queued;
}
