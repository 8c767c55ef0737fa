import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { RandomBytes } from '../../e2ee/random.ts';
import { createRowKey, createRowSealer } from './row-sealer.ts';
import type { RowSealer } from './row-sealer.ts';
import type { SecretStore } from './secret-store.ts';

interface Schema extends DBSchema {
  rows: { key: string; value: Uint8Array<ArrayBuffer> };
  keys: { key: string; value: CryptoKey };
}

const ROW_KEY = 'rows';

/**
 * Creates the browser's store: IndexedDB database `securechat-<instance>`, every row sealed under a WebCrypto key that
 * lives in the same database and that no script can read out. The database opens at the first use.
 */
export function createBrowserSecretStore(options: { readonly instance: string; readonly random: RandomBytes }): SecretStore {
  const storeName = `securechat-${options.instance}`;
  let opened: Promise<IDBPDatabase<Schema>> | null = null;
  let sealer: Promise<RowSealer> | null = null;

  function database(): Promise<IDBPDatabase<Schema>> {
    opened ??= openDB<Schema>(storeName, 1, {
      upgrade(db) {
        db.createObjectStore('rows');
        db.createObjectStore('keys');
      },
      // A newer page wants to upgrade: let go, and open again when needed.
      blocking(_current, _blocked, event) {
        if (event.target instanceof IDBDatabase) event.target.close();
        opened = null;
      },
      terminated() {
        opened = null;
      },
    });
    return opened;
  }

  async function openSealer(): Promise<RowSealer> {
    const db = await database();
    const made = await createRowKey();
    // One transaction decides which of two tabs made the key.
    const transaction = db.transaction('keys', 'readwrite');
    const kept = await transaction.store.get(ROW_KEY);
    if (kept === undefined) await transaction.store.put(made, ROW_KEY);
    await transaction.done;
    return createRowSealer({ key: kept ?? made, storeName, random: options.random });
  }

  const currentSealer = (): Promise<RowSealer> => (sealer ??= openSealer());

  return {
    async get(name) {
      const sealed = await (await database()).get('rows', name);
      return sealed === undefined ? null : (await currentSealer()).open(name, sealed);
    },
    async put(name, bytes) {
      await (await database()).put('rows', await (await currentSealer()).seal(name, bytes), name);
    },
    async delete(name) {
      await (await database()).delete('rows', name);
    },
    async clear() {
      const transaction = (await database()).transaction(['rows', 'keys'], 'readwrite');
      await Promise.all([transaction.objectStore('rows').clear(), transaction.objectStore('keys').clear()]);
      await transaction.done;
      sealer = null;
    },
  };
}
