import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { isAlive } from './running-process.ts';

// The PostgreSQL of one test run: started with a folder and the run's process id, it ends when that process has ended.
const WATCH_MS = 200;
const [folder = '', runPid = ''] = process.argv.slice(2);

const server = await startEmbeddedPostgres({
  dataDir: join(folder, 'data'),
  logger: pino({ level: 'warn' }),
  // Throw-away data: nothing must outlive a crash of the machine.
  settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
});
await writeFile(join(folder, 'url.new'), server.url);
await rename(join(folder, 'url.new'), join(folder, 'url'));
while (isAlive(Number(runPid))) await delay(WATCH_MS);
await server.stop();
await rm(folder, { recursive: true, force: true });
