import { ConfigError, readConfig } from './config/read-config.ts';
import { createLogger } from './logger.ts';
import { startServer } from './start-server.ts';

const EXIT_CONFIGURATION = 2;
const EXIT_OWN_FAULT = 3;

/** Runs one instance from the environment until SIGTERM or SIGINT, then drains and exits 0. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.LOG_LEVEL, domain: config.domain });
  const server = await startServer({ config, logger });
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    server.stop().then(
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

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : describe(error)}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIGURATION : EXIT_OWN_FAULT);
});

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : 'The start failed for an unknown reason.';
}
