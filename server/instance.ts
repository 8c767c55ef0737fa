import { join } from 'node:path';
import { compose } from './compose.ts';
import type { Instance } from './compose.ts';
import { readConfig } from './config/read-config.ts';
import { createLogger } from './logger.ts';

const HOLDER = Symbol.for('securechat.instance');

interface Holder {
  readonly globalThis: unknown;
  [HOLDER]?: Promise<Instance>;
}

/** The bundled routes of Next and the Node process that runs them share nothing but the global object. */
const holder: Holder = globalThis;

/** Lets the routes of Next use the instance of this process. */
export function shareInstance(instance: Instance): void {
  holder[HOLDER] = Promise.resolve(instance);
}

/**
 * Gives the instance of this process to a route: the one that `server/main.ts` composed, or, on platforms that run
 * routes alone, one composed from the environment at the first request.
 */
export function getInstance(): Promise<Instance> {
  holder[HOLDER] ??= composeFromEnvironment();
  return holder[HOLDER];
}

async function composeFromEnvironment(): Promise<Instance> {
  const config = readConfig(process.env);
  process.env['NEXTAUTH_URL'] ??= config.publicUrl.origin;
  try {
    const logger = createLogger({ level: config.LOG_LEVEL, domain: config.domain });
    return await compose({ config, logger, behindListener: false, migrationsDirectory: join(process.cwd(), 'prisma', 'migrations') });
  } catch (error) {
    // The next request tries again.
    delete holder[HOLDER];
    throw error;
  }
}
