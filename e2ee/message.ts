import type { ConversationId, MessageId, UserId } from '../protocol/ids.ts';
import { encryptedPayload } from '../protocol/schemas/encrypted-payload.ts';
import type { EncryptedPayload } from '../protocol/schemas/encrypted-payload.ts';
import type { MembershipStatement } from '../protocol/schemas/membership-statement.ts';
import type { Timestamp } from '../protocol/timestamp.ts';
import { AES_NONCE_BYTES } from './aes-gcm.ts';
import { parseAssociatedData } from './associated-data.ts';
import type { AssociatedData } from './associated-data.ts';
import { decodeContent, encodeContent } from './content.ts';
import type { MessageContent } from './content.ts';
import { sha256Base64Url } from './hashes.ts';
import { findParticipant } from './membership-rules.ts';
import { messageSignatureInput, openPlaintext, sealPlaintext } from './message-sealing.ts';
import type { RandomBytes } from './random.ts';
import { signToText, verifySignatureFast } from './text-signature.ts';

const LATE_AFTER_MS = 10 * 60 * 1_000;

/** Why a message cannot be read; each has one action in the user interface. @see docs/protocol.md [E2E-8] */
export type UnreadableReason =
  | 'no_key_yet'
  | 'before_you_joined'
  | 'bad_signature'
  | 'bad_envelope'
  | 'wrong_membership'
  | 'unknown_version'
  | 'corrupt'
  | 'unverified_sender';

/** A message as the server hands it over: the claims of the body around the payload. @see docs/protocol.md [API-2] */
export interface MessageEnvelope {
  readonly conversationId: ConversationId;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly timestamp: Timestamp;
  readonly payload: EncryptedPayload;
}

/**
 * What this client knows of one epoch. `membership` is its statement, verified, with the hash that the verdict gave,
 * null in a conversation that has none (Core); `sessionKey` matches its commitment, null while it is missing;
 * `supersededAt` is when the next epoch began, null for the newest.
 */
export interface KnownEpoch {
  readonly membership: { readonly statement: MembershipStatement; readonly statementHash: string } | null;
  readonly sessionKey: Uint8Array | null;
  readonly supersededAt: Date | null;
}

/**
 * What became of a message. `late` means that its epoch had been over for ten minutes when it came; `associatedData` holds
 * the position for the sequence tracker, `signatureInputHash` (b64url) is what that device's next message has as `prev`.
 */
export type DecryptedMessage =
  | {
      readonly kind: 'content';
      readonly content: MessageContent;
      readonly late: boolean;
      readonly associatedData: AssociatedData;
      readonly signatureInputHash: string;
    }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

/**
 * Encrypts and signs one message. `signatureInputHash` (b64url) is the `prev` of this device's next message in the
 * conversation. Throws StrictJsonError for text that no reader would accept.
 * @see docs/protocol.md [E2E-7]
 */
export async function encryptMessage(options: {
  readonly associatedData: Omit<AssociatedData, 'v' | 'alg'>;
  readonly content: MessageContent;
  readonly sessionKey: Uint8Array;
  readonly signingSecretKey: Uint8Array;
  readonly random: RandomBytes;
}): Promise<{ readonly payload: EncryptedPayload; readonly signatureInputHash: string }> {
  const { content, sessionKey, signingSecretKey, random } = options;
  const associatedData: AssociatedData = { v: 1, alg: 'A256GCM', ...options.associatedData };
  const { conversationId, epoch } = associatedData;
  const unsigned = await sealPlaintext({
    source: { sessionKey, conversationId, epoch },
    nonce: random(AES_NONCE_BYTES),
    associatedData,
    plaintext: encodeContent(content),
  });
  const message = await messageSignatureInput(unsigned);
  const signature = signToText(signingSecretKey, message);
  return { payload: { ...unsigned, signature }, signatureInputHash: await sha256Base64Url(message) };
}

/**
 * Decrypts a message, if its signature, its associated data, its membership and its epoch hold, in that order.
 * `senderSigningKeys` are the keys (b64) that this client pinned for the sender, earlier pins included;
 * `joinedAtEpoch` is the first epoch this user had, null where unknown. Replays are for the sequence tracker to find.
 * @see docs/protocol.md [E2E-7] [E2E-8] [E2E-9]
 */
export async function decryptMessage(options: {
  readonly envelope: MessageEnvelope;
  readonly findEpoch: (epoch: number) => KnownEpoch | null;
  readonly joinedAtEpoch: number | null;
  readonly senderSigningKeys: readonly string[];
  readonly receivedAt: Date;
}): Promise<DecryptedMessage> {
  const { envelope, findEpoch, joinedAtEpoch, senderSigningKeys, receivedAt } = options;
  const { payload } = envelope;
  if (!encryptedPayload.safeParse(payload).success) return unreadable('bad_envelope');
  const parsed = parseAssociatedData(payload.associatedData);
  if (parsed.kind === 'unreadable') return parsed;
  const { data } = parsed;
  const epoch = findEpoch(data.epoch);
  const message = await messageSignatureInput(payload);
  const refusal = await findRefusal({ envelope, data, epoch, message, senderSigningKeys });
  if (refusal !== null) return unreadable(refusal);
  if (epoch === null || epoch.sessionKey === null) {
    return unreadable(joinedAtEpoch !== null && data.epoch < joinedAtEpoch ? 'before_you_joined' : 'no_key_yet');
  }
  const source = { sessionKey: epoch.sessionKey, conversationId: data.conversationId, epoch: data.epoch };
  const plaintext = await openPlaintext(source, payload);
  if (plaintext === null) return unreadable('corrupt');
  const decoded = decodeContent(plaintext);
  if (decoded.kind === 'unreadable') return decoded;
  return {
    kind: 'content',
    content: decoded.content,
    late: epoch.supersededAt !== null && receivedAt.getTime() - epoch.supersededAt.getTime() > LATE_AFTER_MS,
    associatedData: data,
    signatureInputHash: await sha256Base64Url(message),
  };
}

/** Finds why a message whose associated data can be read must not be decrypted, null where nothing speaks against it. */
async function findRefusal(options: {
  readonly envelope: MessageEnvelope;
  readonly data: AssociatedData;
  readonly epoch: KnownEpoch | null;
  readonly message: Uint8Array;
  readonly senderSigningKeys: readonly string[];
}): Promise<UnreadableReason | null> {
  const { envelope, data, epoch, message, senderSigningKeys } = options;
  const membership = epoch?.membership ?? null;
  // The key is that of the sender whom the author named; that the envelope names the same one is the next check.
  const sender = membership === null ? null : findParticipant(membership.statement, data.senderId);
  if (sender !== null) {
    const { signature } = envelope.payload;
    if (signature === undefined) return 'bad_signature';
    if (!(await verifySignatureFast({ signingKey: sender.signingKey, message, signature }))) return 'bad_signature';
  }
  if (!isBoundTo(data, envelope)) return 'bad_envelope';
  if (epoch === null) return null;
  if (membership === null) return 'unverified_sender';
  if (sender === null || data.membership !== membership.statementHash) return 'wrong_membership';
  return senderSigningKeys.includes(sender.signingKey) ? null : 'unverified_sender';
}

function isBoundTo(data: AssociatedData, envelope: MessageEnvelope): boolean {
  return (
    data.conversationId === envelope.conversationId &&
    data.messageId === envelope.messageId &&
    data.senderId === envelope.senderId &&
    data.timestamp === envelope.timestamp
  );
}

function unreadable(reason: UnreadableReason): DecryptedMessage {
  return { kind: 'unreadable', reason };
}
