import type { Logger } from 'pino';
import type { Postmaster } from './postmaster.ts';

/** How long after a start that failed the next one is tried. */
const RETRY_MS = 5_000;

/**
 * Watches over a PostgreSQL server until `stop`: one that ends by itself is started again by `restart`, again and again
 * until that succeeds. Meanwhile every question to it fails; what was committed is there again afterwards.
 */
export function keepPostgresRunning(first: Postmaster, { restart, logger }: { readonly restart: () => Promise<Postmaster>; readonly logger: Logger }): { stop(): Promise<void> } {
  let current: Postmaster | null = first;
  let stopping = false;
  let starting: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;

  function watch(server: Postmaster): void {
    void server.exited.then(() => {
      if (stopping) return;
      current = null;
      logger.error({ pid: server.pid, operatorAlert: true }, 'the embedded PostgreSQL ended by itself and is started again');
      starting = start();
    });
  }

  async function start(): Promise<void> {
    try {
      current = await restart();
      logger.info({ pid: current.pid }, 'the embedded PostgreSQL runs again');
      watch(current);
    } catch (error) {
      logger.error({ err: error, operatorAlert: true }, 'the embedded PostgreSQL does not start; it is tried again');
      if (!stopping) timer = setTimeout(() => (starting = start()), RETRY_MS).unref();
    }
  }

  watch(first);
  return {
    async stop() {
      stopping = true;
      if (timer !== null) clearTimeout(timer);
      await starting;
      await current?.stop();
    },
  };
}
