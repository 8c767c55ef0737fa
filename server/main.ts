import { constants } from 'node:os';
import type { Logger } from 'pino';
import { ConfigError, readConfig } from './config/read-config.ts';
import { createLogger } from './logger.ts';
import { startServer } from './start-server.ts';
import type { RunningServer } from './start-server.ts';

const EXIT_CONFIGURATION = 2;
const EXIT_OWN_FAULT = 3;
/** How a shell tells that a signal ended a process. */
const EXIT_BY_SIGNAL = 128;
/** Supervisors commonly kill after 10 s: whatever has not come to an end by then is cut off, and begun anew by the next process. */
const STOP_LIMIT_MS = 9_500;

/** Runs one instance from the environment until SIGTERM or SIGINT, then drains and exits 0; a second signal ends it at once. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.LOG_LEVEL, domain: config.domain });
  const starting = startServer({ config, logger });
  stopOnSignals(starting, logger);
  await starting;
}

/** Also a start that is still under way is waited for, so that a stop always ends in order. */
function stopOnSignals(starting: Promise<RunningServer>, logger: Logger): void {
  let stopping = false;
  const stop = (signal: 'SIGTERM' | 'SIGINT'): void => {
    if (stopping) process.exit(EXIT_BY_SIGNAL + constants.signals[signal]);
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.warn('the stop took too long: what is still under way is cut off');
      process.exit(0);
    }, STOP_LIMIT_MS);
    stopRunning(starting).then(
      () => process.exit(0),
      (error: unknown) => {
        logger.fatal({ err: error }, 'the stop failed');
        process.exit(EXIT_OWN_FAULT);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function stopRunning(starting: Promise<RunningServer>): Promise<void> {
  const server = await starting;
  await server.stop();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : describe(error)}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIGURATION : EXIT_OWN_FAULT);
});

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : 'The start failed for an unknown reason.';
}
