import { expect, test } from 'vitest';
import { webRandomBytes } from '../../e2ee/random.ts';
import { parseConversationId } from '../../protocol/ids.ts';
import { createKeystore } from './keystore.ts';
import { createMemoryLocks } from './locks.ts';
import { createRowKey, createRowSealer } from './row-sealer.ts';

const CONVERSATION = parseConversationId('c:a.test');

function createDevice() {
  const rows = new Map<string, Uint8Array>();
  const store = {
    get: async (name: string) => rows.get(name) ?? null,
    put: async (name: string, bytes: Uint8Array) => void rows.set(name, bytes),
    delete: async (name: string) => void rows.delete(name),
    clear: async () => rows.clear(),
  };
  const locks = createMemoryLocks();
  return { rows, open: () => createKeystore({ store, locks, random: webRandomBytes }) };
}

test('[E2E-7] a device keeps its 16 hex digits, and has others after sign-out', async () => {
  const { open } = createDevice();
  const first = await open().deviceId();
  expect(first).toMatch(/^[0-9a-f]{16}$/);
  expect(await open().deviceId()).toBe(first);
  await open().wipe();
  expect(await open().deviceId()).not.toBe(first);
});

test('[E2E-7] changes of the sending state from two tabs come one after the other', async () => {
  const { open } = createDevice();
  const [one, two] = [open(), open()];
  const next = async (keystore: typeof one) => {
    await keystore.updateSending(CONVERSATION, async (state) => {
      await Promise.resolve();
      return { ...state, seq: state.seq + 1 };
    });
  };
  await Promise.all([next(one), next(two), next(one), next(two)]);
  expect(await open().findSending(CONVERSATION)).toEqual({ seq: 4, prev: null, waiting: [] });
});

test('a failed change leaves the state as it was, and the next one runs', async () => {
  const { open } = createDevice();
  const keystore = open();
  await expect(keystore.updateSending(CONVERSATION, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await keystore.updateSending(CONVERSATION, async (state) => ({ ...state, seq: 7 }));
  expect((await keystore.findSending(CONVERSATION)).seq).toBe(7);
});

test('a draft is kept per conversation, and an empty one leaves no row', async () => {
  const { rows, open } = createDevice();
  await open().saveDraft(CONVERSATION, 'half a thought');
  expect(await open().findDraft(CONVERSATION)).toBe('half a thought');
  await open().saveDraft(CONVERSATION, '');
  expect([await open().findDraft(CONVERSATION), rows.size]).toEqual(['', 0]);
});

test('a sealed row opens under its own name alone, in its own store, unaltered', async () => {
  const key = await createRowKey();
  const sealer = createRowSealer({ key, storeName: 'a', random: webRandomBytes });
  const other = createRowSealer({ key, storeName: 'b', random: webRandomBytes });
  const sealed = await sealer.seal('draft', new TextEncoder().encode('half a thought'));
  const altered = sealed.with(20, (sealed[20] ?? 0) ^ 1);
  expect(new TextDecoder().decode(sealed)).not.toContain('thought');
  expect(new TextDecoder().decode((await sealer.open('draft', sealed)) ?? new Uint8Array())).toBe('half a thought');
  expect(await sealer.open('account', sealed)).toBeNull();
  expect(await other.open('draft', sealed)).toBeNull();
  expect(await sealer.open('draft', altered)).toBeNull();
  expect(await sealer.open('draft', sealed.slice(0, 5))).toBeNull();
});

test('the key that seals rows cannot be read out', async () => {
  const key = await createRowKey();
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow('extractable');
});
