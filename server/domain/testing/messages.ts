import { randomBytes } from 'node:crypto';
import { encodeBase64 } from '../../../protocol/base64.ts';
import { parseMessageId } from '../../../protocol/ids.ts';
import type { MessageId } from '../../../protocol/ids.ts';
import type { JsonObject } from '../../../protocol/json.ts';
import type { EncryptedPayload } from '../../../protocol/schemas/encrypted-payload.ts';
import type { NonceTicket } from '../messages/accept-messages.ts';

/** Makes a message id: a lower-case UUIDv7. */
export function newMessageId(): MessageId {
  const hex = randomBytes(16).toString('hex');
  return parseMessageId(`${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`);
}

/** Builds what a client encrypted, as servers see it. */
export function payloadOf(ciphertext: string, associatedData: JsonObject = { v: 1 }): EncryptedPayload {
  return {
    nonce: encodeBase64(new Uint8Array(12).fill(1)),
    ciphertext: encodeBase64(new TextEncoder().encode(ciphertext)),
    authTag: encodeBase64(new Uint8Array(16).fill(2)),
    associatedData,
  };
}

/** The ticket of a request whose nonce is stored already. */
export const spentTicket: NonceTicket = {
  async spendWith(write) {
    const result = await write(null);
    if (result === 'replayed') throw new Error('there is no nonce to repeat');
    return result;
  },
};
