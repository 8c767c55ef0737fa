import { hash } from 'node:crypto';
import { decodeBase64 } from '../../../protocol/base64.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { KeyDocumentError, keyDocumentSigningInput, parseKeyDocument } from '../../../protocol/key-document.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import { READ_VALIDITY_SECONDS } from '../../../protocol/limits.ts';
import { timestampToDate } from '../../../protocol/timestamp.ts';
import { isStrictPublicKey } from './strict-ed25519.ts';
import type { StrictEd25519 } from './strict-ed25519.ts';

/** Why a document that a domain serves does not count. @see docs/protocol.md [KEY-3] */
export type KeyDocumentFault = 'malformed' | 'wrong_domain' | 'expired' | 'valid_too_long' | 'weak_key' | 'bad_signature';

/** What a received document turned out to be. */
type KeyDocumentCheck =
  | { readonly kind: 'document'; readonly document: KeyDocument }
  | { readonly kind: 'invalid'; readonly why: KeyDocumentFault };

/**
 * Checks the bytes that `domain` serves as its key document: structure, domain, validity in time, soundness of every
 * listed key and the signature of each of them.
 * @see docs/protocol.md [KEY-2] [KEY-3]
 */
export function checkKeyDocument(
  bytes: Uint8Array,
  { domain, now, ed25519 }: { domain: Domain; now: Date; ed25519: StrictEd25519 },
): KeyDocumentCheck {
  const document = readDocument(bytes);
  if (document === null) return { kind: 'invalid', why: 'malformed' };
  const why = document.domain === domain ? (findTimeFault(document, now) ?? findKeyFault(document, ed25519)) : 'wrong_domain';
  return why === null ? { kind: 'document', document } : { kind: 'invalid', why };
}

function readDocument(bytes: Uint8Array): KeyDocument | null {
  try {
    return parseKeyDocument(bytes);
  } catch (error) {
    if (error instanceof KeyDocumentError) return null;
    throw error;
  }
}

function findTimeFault({ validUntil }: KeyDocument, now: Date): KeyDocumentFault | null {
  const remainingMs = timestampToDate(validUntil).getTime() - now.getTime();
  if (remainingMs <= 0) return 'expired';
  return remainingMs > READ_VALIDITY_SECONDS * 1_000 ? 'valid_too_long' : null;
}

function findKeyFault({ keys, signatures, received }: KeyDocument, ed25519: StrictEd25519): KeyDocumentFault | null {
  const listed = keys.map(({ kid, publicKey }) => ({ kid, publicKey: decodeBase64(publicKey) }));
  if (!listed.every(({ publicKey }) => isStrictPublicKey(publicKey))) return 'weak_key';
  const message = Buffer.from(keyDocumentSigningInput(received, (text) => hash('sha256', text, 'base64')));
  const isSigned = listed.every(({ kid, publicKey }) =>
    ed25519.verify({ publicKey, message, signature: decodeBase64(signatures[kid] ?? '') }),
  );
  return isSigned ? null : 'bad_signature';
}
