import { expect, test } from 'vitest';
import { webRandomBytes } from '../../e2ee/random.ts';
import { parseConversationId, parseMessageId, parseUserId } from '../../protocol/ids.ts';
import { createKeystore } from '../keystore/keystore.ts';
import { createMemoryLocks } from '../keystore/locks.ts';
import { createMemorySecretStore } from './memory-secret-store.ts';
import { createReplayGuard } from './replay-guard.ts';
import type { PlacedMessage } from './replay-guard.ts';

const CONVERSATION = parseConversationId('c:a.test');

function createGuards() {
  const keystore = createKeystore({ store: createMemorySecretStore(), locks: createMemoryLocks(), random: webRandomBytes });
  const guard = createReplayGuard(keystore);
  const positionsOf = async (messages: readonly PlacedMessage[], by = guard) =>
    (await by.admit(CONVERSATION, messages)).map(({ position }) => position);
  return { positionsOf, restarted: () => createReplayGuard(keystore) };
}

function message(id: number, seq: number, position: number): PlacedMessage {
  const messageId = parseMessageId(`019a0000-0000-7000-8000-${String(id).padStart(12, '0')}`);
  return { messageId, position, data: { senderId: parseUserId('alice@a.test'), device: '0123456789abcdef', seq } };
}

test('[DEL-3] a message seen is admitted again at its own place, and at no other, newer or older', async () => {
  const { positionsOf } = createGuards();
  expect(await positionsOf([message(1, 1, 5)])).toEqual([5]);
  expect(await positionsOf([message(1, 1, 5)])).toEqual([5]);
  expect(await positionsOf([message(1, 1, 6)])).toEqual([]);
  expect(await positionsOf([message(1, 1, 4)])).toEqual([]);
});

test('[E2E-8] a sequence number under another message id is dropped, wherever it stands', async () => {
  const { positionsOf } = createGuards();
  expect(await positionsOf([message(1, 1, 5)])).toEqual([5]);
  expect(await positionsOf([message(2, 1, 6), message(3, 1, 4), message(4, 2, 7)])).toEqual([7]);
});

test('[E2E-8] a later run knows the numbers of an earlier one, and still reads its history', async () => {
  const { positionsOf, restarted } = createGuards();
  expect(await positionsOf([message(1, 1, 1), message(2, 2, 2)])).toEqual([1, 2]);
  expect(await positionsOf([message(9, 2, 3)], restarted())).toEqual([]);
  expect(await positionsOf([message(1, 1, 1), message(2, 2, 2), message(3, 3, 3)], restarted())).toEqual([1, 2, 3]);
});
