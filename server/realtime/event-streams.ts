import type { Logger } from 'pino';
import type { UserId } from '../../protocol/ids.ts';
import type { WireEvent } from '../domain/wire-event.ts';
import { createEventRing } from './event-ring.ts';
import type { EventRing } from './event-ring.ts';
import { RECHECK_MS } from './signed-in.ts';
import type { SignedIn } from './signed-in.ts';

/** Platforms cut long answers; this is below the limits of the common ones. */
const STREAM_MS = 240_000;
/** How long events are kept for a user whose last stream has ended. */
const LINGER_MS = 60_000;

/** An event of a stream; a later stream goes on after it by its cursor. */
export interface StreamedEvent {
  readonly cursor: string;
  readonly event: WireEvent;
}

/** What a stream is opened with. */
interface StreamRequest extends SignedIn {
  /** Of the last event that the client has; null for a client without any. */
  readonly cursor: string | null;
  /** Asks whether the session still stands. */
  readonly isLive: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** The event streams of this process. */
export interface EventStreams {
  /** Whether this user has a stream here, or had one a moment ago. */
  has(userId: UserId): boolean;
  send(userIds: readonly UserId[], event: WireEvent): void;
  sendToAll(event: WireEvent): void;
  /**
   * Opens a stream: exactly what follows the cursor, or, where that cannot be told, `resync` first. It ends by itself
   * after 4 minutes, with its session, when the process stops, and when its signal is aborted.
   */
  open(request: StreamRequest): AsyncIterable<StreamedEvent>;
  endSession(sessionId: string): void;
  close(): void;
}

interface Reader {
  readonly sessionId: string;
  ended: boolean;
  wake: () => void;
}

interface Channel {
  readonly ring: EventRing;
  readonly readers: Set<Reader>;
  forget: NodeJS.Timeout | null;
}

/** Creates the streams; `listen` is held while there is one, `newId` gives an id that was never given before. */
export function createEventStreams(options: {
  readonly listen: () => () => void;
  readonly now: () => number;
  readonly newId: () => string;
  readonly logger: Logger;
  readonly streamMs?: number;
}): EventStreams {
  const channels = new Map<UserId, Channel>();
  let closed = false;
  const readers = (): readonly Reader[] => [...channels.values()].flatMap((channel) => [...channel.readers]);

  function push(channel: Channel, event: WireEvent): void {
    channel.ring.push(event);
    for (const reader of channel.readers) reader.wake();
  }

  function enter(userId: UserId, reader: Reader): Channel {
    const channel = channels.get(userId) ?? { ring: createEventRing(options.newId(), options.now), readers: new Set(), forget: null };
    channels.set(userId, channel);
    channel.readers.add(reader);
    if (channel.forget !== null) clearTimeout(channel.forget);
    channel.forget = null;
    return channel;
  }

  function leave(userId: UserId, channel: Channel, reader: Reader): void {
    channel.readers.delete(reader);
    if (channel.readers.size === 0) channel.forget = setTimeout(() => channels.delete(userId), LINGER_MS).unref();
  }

  async function* open(request: StreamRequest): AsyncGenerator<StreamedEvent, void> {
    const { userId, sessionId, cursor } = request;
    const reader: Reader = { sessionId, ended: closed || request.signal.aborted, wake: () => undefined };
    const release = options.listen();
    const channel = enter(userId, reader);
    const stopWatching = watch(reader, request, options);
    try {
      yield* read(channel.ring, reader, cursor);
    } finally {
      stopWatching();
      leave(userId, channel, reader);
      release();
    }
  }

  return {
    has: (userId) => channels.has(userId),
    send(userIds, event) {
      for (const userId of userIds) {
        const channel = channels.get(userId);
        if (channel !== undefined) push(channel, event);
      }
    },
    sendToAll(event) {
      for (const channel of channels.values()) push(channel, event);
    },
    open,
    endSession: (sessionId) => readers().filter((reader) => reader.sessionId === sessionId).forEach(end),
    close() {
      closed = true;
      readers().forEach(end);
      for (const { forget } of channels.values()) if (forget !== null) clearTimeout(forget);
    },
  };
}

/** Gives what the ring has after the cursor, and what comes, until the reader is ended. One too slow for the ring is told so. */
async function* read(ring: EventRing, reader: Reader, cursor: string | null): AsyncGenerator<StreamedEvent, void> {
  let number = cursor === null ? null : ring.resume(cursor);
  while (!reader.ended) {
    const events = number === null ? null : ring.after(number);
    if (number === null || events === null) {
      number = ring.last();
      yield { cursor: ring.cursorOf(number), event: { name: 'resync', payload: {} } };
    } else if (events.length === 0) {
      await new Promise<void>((resolve) => (reader.wake = resolve));
    } else {
      for (const next of events) {
        if (reader.ended) return;
        number = next.number;
        yield { cursor: ring.cursorOf(number), event: next.event };
      }
    }
  }
}

/** Ends a reader with its request, its session or its time. */
function watch(reader: Reader, request: StreamRequest, options: { readonly logger: Logger; readonly streamMs?: number }): () => void {
  const stop = (): void => end(reader);
  const time = setTimeout(stop, options.streamMs ?? STREAM_MS).unref();
  const recheck = setInterval(() => {
    request.isLive().then(
      (isLive) => isLive || stop(),
      (error: unknown) => options.logger.warn({ err: error }, 'a session could not be rechecked'),
    );
  }, RECHECK_MS).unref();
  request.signal.addEventListener('abort', stop);
  return () => {
    clearTimeout(time);
    clearInterval(recheck);
    request.signal.removeEventListener('abort', stop);
  };
}

function end(reader: Reader): void {
  reader.ended = true;
  reader.wake();
}
