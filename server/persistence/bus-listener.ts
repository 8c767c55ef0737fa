import pg from 'pg';
import type { Logger } from 'pino';

const QUERY_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;
const FAREWELL_MS = 1_000;

/** A connection of its own that hears one channel, opened again whenever it is lost. */
export interface BusListener {
  /** Notifies on the listening connection itself, which also shows that it lives; throws when it is not there. */
  notify(text: string): Promise<void>;
  /** Shows that the connection lives; throws when it does not. */
  ping(): Promise<void>;
  /** Gives up the present connection for a new one. */
  reset(): void;
  close(): Promise<void>;
}

/**
 * Opens a listener on a PostgreSQL URL; it keeps trying. `onListening` runs whenever LISTEN has taken effect, `onLost`
 * whenever a connection on which it had is gone.
 */
export function openBusListener(options: {
  readonly url: string;
  readonly channel: string;
  readonly logger: Logger;
  readonly onListening: () => void;
  readonly onText: (text: string) => void;
  readonly onLost: () => void;
}): BusListener {
  const { channel, logger } = options;
  const stopped = new AbortController();
  let client: pg.Client | null = null;
  let giveUp: () => void = () => undefined;
  let retryMs = FIRST_RETRY_MS;

  /** Resolves when the connection has ended, throws what kept it from listening. */
  async function listenOnce(): Promise<void> {
    const opened = new pg.Client({
      connectionString: options.url,
      application_name: 'securechat-bus',
      keepAlive: true,
      connectionTimeoutMillis: QUERY_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    const over = new Promise<void>((resolve) => {
      giveUp = resolve;
      opened.once('end', resolve);
    });
    // Without a listener an error of the connection would end the process; `end` follows it.
    opened.on('error', (error) => logger.debug({ err: error }, 'the listening connection failed'));
    opened.on('notification', ({ payload }) => options.onText(payload ?? ''));
    try {
      await opened.connect();
      await opened.query(`LISTEN ${channel}`);
      if (stopped.signal.aborted) return;
      client = opened;
      retryMs = FIRST_RETRY_MS;
      options.onListening();
      await over;
    } finally {
      if (client === opened) {
        client = null;
        options.onLost();
      }
      await endOf(opened);
    }
  }

  async function keepListening(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await listenOnce();
        if (!stopped.signal.aborted) logger.warn('the connection that listens to other processes was lost');
      } catch (error) {
        logger.warn({ err: error }, 'other processes cannot be listened to');
      }
      await pause(retryMs, stopped.signal);
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    }
  }

  const listening = keepListening();
  let last: Promise<unknown> = Promise.resolve();

  /** One after another: a connection has one statement at a time. */
  async function query(text: string, values: readonly string[] = []): Promise<void> {
    const before = last;
    const asked = (async () => {
      await before.catch(() => undefined);
      if (client === null) throw new Error('Nothing listens to other processes at the moment.');
      await client.query(text, [...values]);
    })();
    last = asked;
    await asked;
  }

  return {
    notify: (text) => query('SELECT pg_notify($1, $2)', [channel, text]),
    ping: () => query('SELECT 1'),
    reset: () => giveUp(),
    async close() {
      stopped.abort();
      giveUp();
      await listening;
    },
  };
}

/** A connection with a statement under way is cut; one that is silent is not waited for. */
async function endOf(client: pg.Client): Promise<void> {
  await Promise.race([client.end().catch(() => undefined), pause(FAREWELL_MS, new AbortController().signal)]);
}

/** Waits without keeping the process alive; an abort ends it early. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done);
  });
}
