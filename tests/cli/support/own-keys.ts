import { createHash } from 'node:crypto';
import { createForeignKeys } from '../../support/foreign-signer.ts';
import type { ForeignKeys } from '../../support/foreign-signer.ts';

/** A federation key under the name that an instance gives it, and its secret as SECURECHAT_S2S_PRIVATE_KEY takes it. */
export interface OwnTestKeys extends ForeignKeys {
  readonly pem: string;
}

const KEY_ID_LENGTH = 16;

/** Makes a key for an operator of a test. */
export function createOwnTestKeys(): OwnTestKeys {
  const keys = createForeignKeys();
  const fingerprint = createHash('sha256').update(Buffer.from(keys.publicKeyBase64, 'base64')).digest('base64url');
  return { ...keys, kid: fingerprint.slice(0, KEY_ID_LENGTH), pem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
