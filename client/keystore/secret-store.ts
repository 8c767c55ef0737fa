/**
 * Keeps named rows of secret bytes on this device. An implementation that outlives the process seals every row, its
 * name included, so that rows can be neither read nor exchanged from outside.
 */
export interface SecretStore {
  /** Gives a row's bytes, null where there is none or it does not open. */
  get(name: string): Promise<Uint8Array | null>;
  put(name: string, bytes: Uint8Array): Promise<void>;
  delete(name: string): Promise<void>;
  /** Wipes every row and the key that sealed them. */
  clear(): Promise<void>;
}
