import { randomBytes } from 'node:crypto';
import { webRandomBytes } from '../../e2ee/random.ts';
import { createMessageId } from '../../client/headless/message-id.ts';

/** The input of `messages.send`; what servers cannot read is random. */
export interface DraftMessage {
  readonly conversationId: string;
  readonly messageId: string;
  readonly payload: object;
  readonly timestamp: string;
}

const CIPHERTEXT_BYTES = 1_024;
/** Making random bytes for each message would be work of the load, not of the servers. */
const CIPHERTEXTS = Array.from({ length: 64 }, () => base64(CIPHERTEXT_BYTES));
const SIGNATURES = Array.from({ length: 64 }, () => base64(64));

/** Makes messages of 1 KiB from one person in one conversation, with members of the form that real clients send. */
export function createMessageMaker({ conversationId, senderId }: { readonly conversationId: string; readonly senderId: string }): () => DraftMessage {
  const membership = randomBytes(32).toString('base64url');
  const device = randomBytes(16).toString('base64url');
  const prev = randomBytes(32).toString('base64url');
  let seq = 0;
  return () => {
    const now = new Date();
    const messageId = createMessageId(now, webRandomBytes);
    const timestamp = now.toISOString();
    seq += 1;
    const bound = { conversationId, epoch: 1, membership, messageId, senderId, device, seq, prev, timestamp };
    const payload = {
      nonce: base64(12),
      ciphertext: CIPHERTEXTS[seq % CIPHERTEXTS.length] ?? '',
      authTag: base64(16),
      associatedData: { v: 1, alg: 'A256GCM', ...bound },
      signature: SIGNATURES[seq % SIGNATURES.length] ?? '',
    };
    return { conversationId, messageId, payload, timestamp };
  };
}

function base64(bytes: number): string {
  return randomBytes(bytes).toString('base64');
}
