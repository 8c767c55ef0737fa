import { describe, expect, test } from 'vitest';
import { newConversationId } from '../domain/testing/changes.ts';
import { local } from '../domain/testing/people.ts';
import type { WireEvent } from '../domain/wire-event.ts';
import { createEventRing } from './event-ring.ts';

let nowMs = 0;

/** A ring with the events of these names, pushed a second apart. */
function arrange(count: number) {
  const ring = createEventRing('ring', () => nowMs);
  const events = Array.from({ length: count }, (): WireEvent => ({ name: 'conversation:new', payload: { conversationId: newConversationId(local) } }));
  for (const event of events) {
    nowMs += 100;
    ring.push(event);
  }
  return { ring, events };
}

describe('a cursor', () => {
  test('gives exactly what came after it', () => {
    const { ring, events } = arrange(5);
    expect(ring.resume(ring.cursorOf(2))).toBe(2);
    expect(ring.after(2)?.map(({ event }) => event)).toEqual(events.slice(2));
    expect(ring.after(5)).toEqual([]);
  });

  test('from before the first event gives all of them', () => {
    const { ring, events } = arrange(2);
    expect(ring.resume(createEventRing('ring', () => nowMs).cursorOf(0))).toBe(0);
    expect(ring.after(0)?.map(({ event }) => event)).toEqual(events);
  });

  test.each(['other.2', 'ring.6', 'ring.-1', 'ring.x', 'ring.1.5', 'ring', '', 'ring.2 '])('%j names nothing of this ring', (cursor) => {
    const { ring } = arrange(5);
    expect([ring.resume(cursor), ring.resume('ring.5')]).toEqual([null, 5]);
  });

  test('behind the 500 events that are kept can not be resumed', () => {
    const { ring } = arrange(502);
    expect([ring.resume('ring.1'), ring.resume('ring.2')]).toEqual([null, 2]);
    expect(ring.after(2)).toHaveLength(500);
  });

  test('behind 60 s can not be resumed, unless nothing came since', () => {
    const { ring } = arrange(3);
    nowMs += 60_000;
    expect([ring.resume('ring.2'), ring.resume('ring.1')]).toEqual([2, null]);
    nowMs += 1;
    expect([ring.resume('ring.2'), ring.resume('ring.3')]).toEqual([null, 3]);
  });
});
