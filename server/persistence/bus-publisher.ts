import type pg from 'pg';
import type { Logger } from 'pino';
import type { BusMessage } from '../domain/process-bus.ts';
import { packFrames } from './bus-frame.ts';
import type { BusFrame } from './bus-frame.ts';

/** Beyond so many the database is away or far behind; those who listen then look into the store. */
const MAX_WAITING = 20_000;
const RETRY_MS = 1_000;

/** Sends what a process has to tell, everything of one moment together. */
interface BusPublisher {
  publish(message: BusMessage): void;
  /** Resolves once nothing waits to be sent any more. */
  flush(): Promise<void>;
  close(): void;
}

/**
 * Creates the publisher on a pool. What comes up within a tick, or while an earlier statement is under way, goes out
 * in one statement. Nothing is kept when that fails: the next frame says that something was lost.
 */
export function createBusPublisher(options: {
  readonly pool: Pick<pg.Pool, 'query'>;
  readonly channel: string;
  /** What each frame says of this process at the moment. */
  readonly envelope: () => Omit<BusFrame, 'items' | 'lost'>;
  readonly logger: Logger;
}): BusPublisher {
  const { pool, channel, envelope, logger } = options;
  let waiting: BusMessage[] = [];
  let owesGap = false;
  let running: Promise<void> | null = null;
  let retry: NodeJS.Timeout | null = null;

  async function send(): Promise<void> {
    while (waiting.length > 0 || owesGap) {
      const messages = waiting;
      waiting = [];
      const frames = packFrames(messages, owesGap ? { ...envelope(), lost: true } : envelope());
      owesGap = false;
      try {
        await pool.query('SELECT pg_notify($1, frame) FROM unnest($2::text[]) AS frame', [channel, frames]);
      } catch (error) {
        logger.warn({ err: error, messages: messages.length }, 'other processes could not be told');
        owesGap = true;
        retry ??= setTimeout(() => {
          retry = null;
          start();
        }, RETRY_MS).unref();
        break;
      }
    }
    // At once, so that whatever is published next starts anew.
    running = null;
  }

  function start(): void {
    running ??= nextTick().then(send);
  }

  return {
    publish(message) {
      if (waiting.length >= MAX_WAITING) {
        waiting = [];
        owesGap = true;
      }
      waiting.push(message);
      if (retry === null) start();
    },
    async flush() {
      await running;
    },
    close() {
      if (retry !== null) clearTimeout(retry);
    },
  };
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
