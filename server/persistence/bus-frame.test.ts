import { describe, expect, test } from 'vitest';
import { parseDomain, parseUserId } from '../../protocol/ids.ts';
import type { BusMessage } from '../domain/process-bus.ts';
import { MAX_FRAME_BYTES, packFrames, parseFrame } from './bus-frame.ts';
import { alice, bob, local, newConversationId, start } from './testing-fixtures.ts';
import { parseStoredMessageId } from './stored-id.ts';

const envelope = { v: 1, from: 'one', say: 'here' } as const;
const conversationId = newConversationId();
const reference = (position: number): BusMessage => ({
  kind: 'event', userIds: [alice], event: { kind: 'message', conversationId, position, messageId: parseStoredMessageId(`id ${position}`) },
});
const itemsOf = (frames: readonly string[]): readonly BusMessage[] => frames.flatMap((frame) => parseFrame(frame)?.items ?? []);
const sizes = (frames: readonly string[]): readonly number[] => frames.map((frame) => Buffer.byteLength(frame));

describe('what is told within one moment', () => {
  test('shares frames of at most 7900 bytes, filled in order', () => {
    const messages = Array.from({ length: 200 }, (_, index) => reference(index + 1));
    const frames = packFrames(messages, envelope);
    expect(itemsOf(frames)).toEqual(messages);
    expect(Math.max(...sizes(frames))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    expect(Math.min(...sizes(frames.slice(0, -1)))).toBeGreaterThan(MAX_FRAME_BYTES - 300);
  });

  test('wakes a domain once', () => {
    const wake = (...names: readonly string[]): BusMessage => ({ kind: 'wake', domains: names.map(parseDomain) });
    expect(itemsOf(packFrames([wake('b.test'), reference(1), wake('c.test', 'b.test')], envelope))).toEqual([wake('b.test', 'c.test'), reference(1)]);
  });

  test('that is nothing makes no frame', () => expect(packFrames([], envelope)).toEqual([]));

  test('but a loss is told by a frame of its own', () => {
    expect(packFrames([], { ...envelope, lost: true }).map(parseFrame)).toEqual([{ ...envelope, lost: true, items: [] }]);
  });
});

describe('what is too large for a frame', () => {
  test('is cut by its people', () => {
    const userIds = Array.from({ length: 900 }, (_, index) => parseUserId(`user${index}@a.test`));
    const frames = packFrames([{ kind: 'event', userIds, event: { kind: 'conversation', conversationId } }], envelope);
    expect(itemsOf(frames).flatMap((item) => (item.kind === 'event' ? item.userIds : []))).toEqual(userIds);
    expect(Math.max(...sizes(frames))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  });

  test('is cut by its messages', () => {
    const messageIds = Array.from({ length: 900 }, (_, index) => parseStoredMessageId(`message ${index}`));
    const frames = packFrames([{ kind: 'event', userIds: [alice], event: { kind: 'receipt', conversationId, userId: bob, messageIds, state: 'read' } }], envelope);
    expect(itemsOf(frames).flatMap((item) => (item.kind === 'event' && item.event.kind === 'receipt' ? item.event.messageIds : []))).toEqual(messageIds);
  });

  test('and cannot be cut is left out, which is said', () => {
    const frames = packFrames([{ kind: 'session_revoked', sessionId: 'x'.repeat(8_000) }, reference(1)], envelope).map(parseFrame);
    expect(frames).toEqual([{ ...envelope, lost: true, items: [reference(1)] }]);
  });
});

test('the instant of a delivery comes back as one', () => {
  const delivery = {
    conversationId, messageId: parseStoredMessageId('id'), senderId: alice, domain: local, state: 'queued', attempts: 1, errorCode: null, nextAttemptAt: start,
  } as const;
  const messages = [delivery, { ...delivery, nextAttemptAt: null }].map((one): BusMessage => ({ kind: 'event', userIds: [alice], event: { kind: 'delivery', delivery: one } }));
  expect(itemsOf(packFrames(messages, envelope))).toEqual(messages);
});

test.each(['', 'null', '{}', '{"v":2,"from":"one","say":"here"}', '{"v":1,"from":"one","items":3}', '{"v":1'])('%j is no frame of this version', (text) => {
  expect(parseFrame(text)).toBeNull();
});
