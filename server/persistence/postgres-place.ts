import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

const USER = 'securechat';
const DATABASE = 'securechat';

/** What `<data dir>/embedded-postgres.json` says: `pid` is the server's, `supervisorPid` that of the process that started it. */
export interface PostgresPlace {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly supervisorPid: number;
}

/** The superuser of the embedded server and the database that the instance lives in. */
export const EMBEDDED_NAMES = { user: USER, database: DATABASE } as const;

/** Writes the URL of a database of the embedded server. */
export function formatDatabaseUrl(place: { readonly port: number; readonly password: string; readonly database: string }): string {
  return `postgresql://${USER}:${encodeURIComponent(place.password)}@127.0.0.1:${place.port}/${place.database}`;
}

/** Reads where the last server of this data folder was, null when none is noted. */
export async function readPlace(dataDir: string): Promise<{ readonly port: number; readonly supervisorPid: number } | null> {
  const text = await readFile(placeFile(dataDir), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const { port, supervisorPid }: { port?: unknown; supervisorPid?: unknown } = JSON.parse(text);
    return typeof port === 'number' && typeof supervisorPid === 'number' ? { port, supervisorPid } : null;
  } catch {
    return null;
  }
}

/** Notes where the server is, readable by the owner alone. */
export async function writePlace(dataDir: string, place: PostgresPlace): Promise<void> {
  const temporary = `${placeFile(dataDir)}.new`;
  await writeFile(temporary, `${JSON.stringify(place)}\n`, { mode: 0o600 });
  await rename(temporary, placeFile(dataDir));
}

/** Gives the superuser's password, made once and kept in a file of mode 0600, with that file's path. */
export async function ensurePassword(dataDir: string): Promise<{ readonly password: string; readonly file: string }> {
  const file = join(dataDir, 'embedded-postgres.password');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known.trim() !== '') return { password: known.trim(), file };
  const password = randomBytes(24).toString('base64url');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  return { password, file };
}

/** Gives a free loopback port, the preferred one if it is free. */
export async function findFreePort(preferred: number | null): Promise<number> {
  const port = preferred === null ? null : await tryListen(preferred);
  return port ?? (await tryListen(0)) ?? Promise.reject(new Error('No loopback port is free.'));
}

function tryListen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

function placeFile(dataDir: string): string {
  return join(dataDir, 'embedded-postgres.json');
}
