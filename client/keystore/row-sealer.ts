import { concatBytes, encodeLines } from '../../e2ee/bytes.ts';
import type { RandomBytes } from '../../e2ee/random.ts';

const NONCE_BYTES = 12;

/** Seals and opens the rows of one store. */
export interface RowSealer {
  seal(name: string, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives null where the row was altered, sealed under another key or stored under another name. */
  open(name: string, sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** Makes an AES-256-GCM key that the runtime keeps and never gives out. */
export function createRowKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** Creates a sealer with AES-256-GCM: nonce 12 ‖ ciphertext ‖ tag 16, bound to the store's and the row's name. */
export function createRowSealer(options: {
  readonly key: CryptoKey;
  readonly storeName: string;
  readonly random: RandomBytes;
}): RowSealer {
  const { key, storeName, random } = options;
  const parameters = (nonce: Uint8Array, rowName: string): AesGcmParams => ({
    name: 'AES-GCM',
    iv: new Uint8Array(nonce),
    additionalData: encodeLines('securechat-row-v1', storeName, rowName),
  });
  return {
    async seal(name, bytes) {
      const nonce = random(NONCE_BYTES);
      const sealed = await crypto.subtle.encrypt(parameters(nonce, name), key, new Uint8Array(bytes));
      return concatBytes(nonce, new Uint8Array(sealed));
    },
    async open(name, sealed) {
      try {
        const nonce = sealed.subarray(0, NONCE_BYTES);
        const ciphertext = new Uint8Array(sealed.subarray(NONCE_BYTES));
        return new Uint8Array(await crypto.subtle.decrypt(parameters(nonce, name), key, ciphertext));
      } catch {
        // WebCrypto says only that the row does not open.
        return null;
      }
    },
  };
}
