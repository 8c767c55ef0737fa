import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../config/read-config.ts';
import type { Config } from '../config/read-config.ts';
import { createLogger } from '../logger.ts';
import { openDatabase } from '../persistence/database.ts';
import type { Database } from '../persistence/database.ts';
import { UsageError } from './exit.ts';

/** Runs a command on the database of the instance: the external one, or the embedded one while the instance runs. */
export async function withDatabase<Result>(work: (database: Database, config: Config) => Promise<Result>): Promise<Result> {
  const config = readConfig(process.env);
  const logger = createLogger({ level: 'silent', domain: config.domain });
  const database = openDatabase({ url: config.DATABASE_URL ?? (await embeddedUrl(config)), logger, maxConnections: 2 });
  try {
    await database.ping().catch((cause: unknown) => {
      throw new UsageError('The database does not answer: start the instance first, or check DATABASE_URL.', { cause });
    });
    return await work(database, config);
  } finally {
    await database.close();
  }
}

async function embeddedUrl(config: Config): Promise<string> {
  try {
    const place: unknown = JSON.parse(await readFile(join(config.dataDirectory, 'embedded-postgres.json'), 'utf8'));
    if (typeof place === 'object' && place !== null && 'url' in place && typeof place.url === 'string') return place.url;
  } catch {
    // The one sentence below says what to do in every case.
  }
  throw new UsageError('The embedded database is not running: start the instance first, or set DATABASE_URL.');
}
