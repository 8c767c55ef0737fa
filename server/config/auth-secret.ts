import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const SECRET_BYTES = 48;
const MIN_CHARACTERS = 32;
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

/**
 * Reads the secret that seals session cookies from the data folder, making it once with mode 0600. Processes that start
 * together end up with the same one. Throws where the file holds less than a secret.
 */
export async function ensureAuthSecret(dataDirectory: string): Promise<string> {
  const path = join(dataDirectory, 'auth-secret');
  const secret = (await readIfThere(path)) ?? (await makeSecret(dataDirectory, path));
  if (secret.length < MIN_CHARACTERS) throw new Error('The file auth-secret in the data folder is damaged; remove it to get a new one and sign everybody out.');
  return secret;
}

/** Writes the whole file under another name first: a crash leaves no half secret, a second process no second one. */
async function makeSecret(dataDirectory: string, path: string): Promise<string> {
  await mkdir(dataDirectory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  const draft = `${path}.${randomUUID()}`;
  // The comment keeps the bundler of the pages from tracing the whole tree for this path.
  const file = await open(/* turbopackIgnore: true */ draft, 'wx', OWNER_ONLY_FILE);
  try {
    await file.writeFile(randomBytes(SECRET_BYTES).toString('base64url'));
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
  return (await readFile(path, 'utf8')).trim();
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
