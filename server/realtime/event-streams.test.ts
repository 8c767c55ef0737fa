import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { newConversationId } from '../domain/testing/changes.ts';
import { alice, dave, local } from '../domain/testing/people.ts';
import type { WireEvent } from '../domain/wire-event.ts';
import { createEventStreams } from './event-streams.ts';
import type { EventStreams, StreamedEvent } from './event-streams.ts';
import { createLinkedBuses } from './testing/linked-buses.ts';

let streams: EventStreams;
let buses: ReturnType<typeof createLinkedBuses>;
let ids: number;
let isLive: () => Promise<boolean>;

beforeEach(() => {
  vi.useFakeTimers();
  [buses, ids, isLive] = [createLinkedBuses(), 0, async () => true];
  streams = createEventStreams({ listen: buses.join().listen, now: Date.now, newId: () => `ring${(ids += 1)}`, logger: pino({ level: 'silent' }) });
});
afterEach(() => {
  streams.close();
  vi.useRealTimers();
});

const event = (): WireEvent => ({ name: 'conversation:new', payload: { conversationId: newConversationId(local) } });

/** Opens a stream and collects what it gives. */
function follow(cursor: string | null, userId = alice, sessionId = 'home') {
  const abort = new AbortController();
  const got: StreamedEvent[] = [];
  let hasEnded = false;
  const ended = (async () => {
    for await (const one of streams.open({ userId, sessionId, cursor, isLive, signal: abort.signal })) got.push(one);
    hasEnded = true;
  })();
  return {
    got,
    names: () => got.map((one) => one.event.name),
    events: () => got.map((one) => one.event),
    hasEnded: () => hasEnded,
    async end() {
      abort.abort();
      await ended;
    },
  };
}

const flush = () => vi.advanceTimersByTimeAsync(0);

test('a stream without a cursor begins with resync, and then gives each event once', async () => {
  const [one, other] = [follow(null), follow(null, dave)];
  await flush();
  const events = [event(), event()];
  for (const one_ of events) streams.send([alice], one_);
  await flush();
  expect(one.events()).toEqual([{ name: 'resync', payload: {} }, ...events]);
  expect(other.names()).toEqual(['resync']);
});

describe('a stream that goes on from a cursor', () => {
  test('gives exactly what came after it, whatever came while there was no stream included', async () => {
    const events = Array.from({ length: 6 }, event);
    const first = follow(null);
    await flush();
    for (const one of events.slice(0, 3)) streams.send([alice], one);
    await flush();
    await first.end();
    for (const one of events.slice(3, 5)) streams.send([alice], one);
    const second = follow(first.got[2]?.cursor ?? null);
    await flush();
    for (const one of events.slice(5)) streams.send([alice], one);
    await flush();
    expect(second.events()).toEqual(events.slice(2));
  });

  test.each(['ring9.1', 'nonsense', 'ring1.99'])('of another process or time begins with resync: %s', async (cursor) => {
    const stream = follow(cursor);
    await flush();
    expect(stream.names()).toEqual(['resync']);
  });

  test('begins with resync 60 s after the last stream has ended, when nothing is kept any more', async () => {
    const first = follow(null);
    await flush();
    await first.end();
    expect(streams.has(alice)).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(streams.has(alice)).toBe(false);
    const second = follow(first.got[0]?.cursor ?? null);
    await flush();
    expect(second.names()).toEqual(['resync']);
  });
});

test('a reader slower than the events that are kept is told to ask for everything, and then goes on', async () => {
  const iterator = streams.open({ userId: alice, sessionId: 'home', cursor: null, isLive, signal: new AbortController().signal })[Symbol.asyncIterator]();
  expect((await iterator.next()).value.event.name).toBe('resync');
  for (let index = 0; index < 501; index += 1) streams.send([alice], event());
  expect((await iterator.next()).value.event.name).toBe('resync');
  const last = event();
  streams.send([alice], last);
  expect((await iterator.next()).value.event).toEqual(last);
  await iterator.return?.();
});

describe('a stream ends', () => {
  test('by itself after four minutes', async () => {
    const stream = follow(null);
    await vi.advanceTimersByTimeAsync(239_999);
    expect(stream.hasEnded()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(stream.hasEnded()).toBe(true);
  });

  test('at once with its session, and no other stream with it', async () => {
    const [home, work] = [follow(null, alice, 'home'), follow(null, alice, 'work')];
    await flush();
    streams.endSession('home');
    await flush();
    expect([home.hasEnded(), work.hasEnded()]).toEqual([true, false]);
  });

  test('within a minute of a revocation that nobody told of, not for a database that is away', async () => {
    const stream = follow(null);
    isLive = () => Promise.reject(new Error('away'));
    const second = follow(null);
    isLive = async () => false;
    const third = follow(null);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([stream.hasEnded(), second.hasEnded(), third.hasEnded()]).toEqual([false, false, true]);
  });

  test('when the process stops, and none begins any more', async () => {
    const stream = follow(null);
    await flush();
    streams.close();
    const late = follow(null);
    await flush();
    expect([stream.hasEnded(), late.hasEnded(), late.names()]).toEqual([true, true, []]);
  });

  test('and only while there is one, other processes are listened to', async () => {
    const [one, two] = [follow(null), follow(null)];
    await flush();
    expect(buses.listening()).toBe(2);
    await one.end();
    await two.end();
    expect(buses.listening()).toBe(0);
  });
});
