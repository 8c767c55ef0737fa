import { randomBytes } from 'node:crypto';

const WRAPPED_KEY_BYTES = 105;

/** Is the request-target of messages, written out as an independent server would. */
export const MESSAGES = '/federation/v1/messages';
/** Is the request-target of conversations. */
export const CONVERSATIONS = '/federation/v1/conversations';

/** Makes the id of a new conversation of a domain. */
export function newConversationId(owner: string): string {
  return `${randomBytes(16).toString('base64url')}:${owner}`;
}

/** Makes a lower-case UUIDv7. */
function newMessageId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  const random = randomBytes(10).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-a${random.slice(3, 6)}-${random.slice(6, 18)}`;
}

/** Writes the body of a founding request of the Core profile, with a key for each of `locals`. */
export function foundingBody(options: {
  readonly conversationId: string;
  readonly initiatorId: string;
  readonly locals: readonly string[];
}): Readonly<Record<string, unknown>> {
  const { conversationId, initiatorId, locals } = options;
  return {
    conversationId,
    action: 'create',
    initiatorId,
    participantsToAdd: locals.map((userId) => ({ userId, encryptedSessionKey: randomBytes(WRAPPED_KEY_BYTES).toString('base64') })),
    allParticipants: [initiatorId, ...locals],
    timestamp: new Date().toISOString(),
  };
}

/** Writes the body of a message whose content nobody can read. */
export function messageBody(options: {
  readonly conversationId: string;
  readonly senderId: string;
  readonly recipientServerDomain: string;
}): Readonly<Record<string, unknown>> {
  return {
    messageId: newMessageId(),
    ...options,
    payload: {
      nonce: randomBytes(12).toString('base64'),
      ciphertext: randomBytes(256).toString('base64'),
      authTag: randomBytes(16).toString('base64'),
      associatedData: { v: 1, note: 'opaque' },
    },
    timestamp: new Date().toISOString(),
  };
}
