import { beforeEach, describe, expect, test } from 'vitest';
import { createConnectionOpener } from './realtime-connection.ts';
import type { OpenSocket, RealtimeHandlers } from './realtime-handlers.ts';
import { createNotingHandlers } from './testing/noting-handlers.ts';

/** A way to the server that does what a test tells it. */
function createWay() {
  const open: RealtimeHandlers[] = [];
  const opener: OpenSocket = (handlers) => {
    open.push(handlers);
    return () => void open.splice(open.indexOf(handlers), 1);
  };
  return {
    opener,
    count: () => open.length,
    goOnline: () => open.at(-1)?.onOnline(),
    goOffline: () => open.at(-1)?.onOffline(),
    tell: () => open.at(-1)?.onResync(),
  };
}

let socket: ReturnType<typeof createWay>;
let stream: ReturnType<typeof createWay>;
let scheduled: (() => void)[];
let told: string[];
let close: () => void;

beforeEach(() => {
  [socket, stream, scheduled] = [createWay(), createWay(), []];
  const noting = createNotingHandlers();
  ({ told } = noting);
  const schedule = (run: () => void, delayMs: number) => {
    expect(delayMs).toBe(120_000);
    scheduled.push(run);
    return () => void (scheduled = scheduled.filter((one) => one !== run));
  };
  close = createConnectionOpener({ openSocket: socket.opener, openStream: stream.opener, schedule })(noting.handlers);
});

const ways = () => ({ sockets: socket.count(), streams: stream.count(), scheduled: scheduled.length });

function fallBack(): void {
  for (let attempt = 0; attempt < 3; attempt += 1) socket.goOffline();
  stream.goOnline();
  told.splice(0);
}

test('a socket that comes and goes stays the way', () => {
  socket.goOnline();
  for (let round = 0; round < 3; round += 1) {
    socket.goOffline();
    socket.goOffline();
    socket.goOnline();
  }
  expect(ways()).toEqual({ sockets: 1, streams: 0, scheduled: 0 });
  expect(told.filter((word) => word === 'online')).toHaveLength(4);
});

test('three failures in a row lead to the stream', () => {
  socket.goOffline();
  socket.goOffline();
  expect(ways()).toEqual({ sockets: 1, streams: 0, scheduled: 0 });
  socket.goOffline();
  expect(ways()).toEqual({ sockets: 0, streams: 1, scheduled: 1 });
  stream.goOnline();
  stream.tell();
  expect(told).toEqual(['offline', 'offline', 'offline', 'online', 'resync']);
});

describe('on the stream', () => {
  beforeEach(fallBack);

  test('the socket is tried now and then, and a failure of it is nobody’s business', () => {
    scheduled.shift()?.();
    expect(ways()).toEqual({ sockets: 1, streams: 1, scheduled: 0 });
    socket.goOffline();
    expect(ways()).toEqual({ sockets: 0, streams: 1, scheduled: 1 });
    expect(told).toEqual([]);
  });

  test('a socket that stands takes over, and falls back again when it is gone', () => {
    scheduled.shift()?.();
    socket.goOnline();
    expect(ways()).toEqual({ sockets: 1, streams: 0, scheduled: 0 });
    expect(told).toEqual(['online']);
    fallBack();
    expect(ways()).toEqual({ sockets: 0, streams: 1, scheduled: 1 });
  });

  test('an interruption is left to the stream itself', () => {
    stream.goOffline();
    stream.goOnline();
    expect(ways()).toEqual({ sockets: 0, streams: 1, scheduled: 1 });
    expect(told).toEqual(['offline', 'online']);
  });
});

test('where the stream cannot be had either, both are tried in turn', () => {
  for (let attempt = 0; attempt < 3; attempt += 1) socket.goOffline();
  stream.goOffline();
  expect(ways()).toEqual({ sockets: 1, streams: 0, scheduled: 0 });
  socket.goOnline();
  expect(told.at(-1)).toBe('online');
});

test('closing leaves nothing open and nothing scheduled', () => {
  fallBack();
  scheduled[0]?.();
  close();
  expect(ways()).toMatchObject({ sockets: 0, streams: 0 });
  expect(told).toEqual([]);
});
