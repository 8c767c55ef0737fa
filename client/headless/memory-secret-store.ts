import type { SecretStore } from '../keystore/secret-store.ts';

/** Creates a store that ends with the process. */
export function createMemorySecretStore(): SecretStore {
  const rows = new Map<string, Uint8Array>();
  return {
    async get(name) {
      return rows.get(name) ?? null;
    },
    async put(name, bytes) {
      rows.set(name, new Uint8Array(bytes));
    },
    async delete(name) {
      rows.delete(name);
    },
    async clear() {
      rows.clear();
    },
  };
}
