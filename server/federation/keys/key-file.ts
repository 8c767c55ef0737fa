import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readKeyRing, writeKeyRing } from './key-ring.ts';
import type { KeyRing } from './key-ring.ts';
import { OwnKeyError } from './own-key-error.ts';
import { generateKeyPem } from './signing-key.ts';

const KEY_FILE = 'federation-key.pem';
const DRAFT_FILE = 'federation-key.draft';
const LOCK_FILE = 'federation-key.lock';
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

/** Names the file in a data folder that holds our keys. */
export function keyFilePath(directory: string): string {
  return join(directory, KEY_FILE);
}

/**
 * Reads the keys of a folder, making the file (mode 0600) with a first key once where that is asked for. Several
 * processes that start together end up with the same key. Throws {@link OwnKeyError}.
 * @see docs/protocol.md [KEY-1]
 */
export async function readKeyFile(directory: string, { create }: { create: boolean }): Promise<KeyRing> {
  const path = keyFilePath(directory);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (!hasCode(cause, 'ENOENT')) throw new OwnKeyError('unreadable', { cause });
    if (!create) throw new OwnKeyError('missing', { cause });
    return null;
  });
  if (text !== null) return readKeyRing(text);
  const made = await asUnreadable(async () => {
    await makeKeyFile(directory, path);
    return readFile(path, 'utf8');
  });
  return readKeyRing(made);
}

/**
 * Replaces the keys of a folder by what `change` makes of them: the whole file or nothing, on the disk before this
 * returns, one change at a time. Throws {@link OwnKeyError}, and what `change` throws.
 * @see docs/protocol.md [KEY-6]
 */
export async function changeKeyFile(directory: string, change: (ring: KeyRing) => KeyRing): Promise<KeyRing> {
  return withLock(directory, async () => {
    const changed = change(await readKeyFile(directory, { create: false }));
    await asUnreadable(() => replaceKeyFile(directory, writeKeyRing(changed)));
    return changed;
  });
}

/** Writes the whole file under another name first: a crash leaves no half key, a second process no second key. */
async function makeKeyFile(directory: string, path: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  const draft = `${path}.${randomUUID()}`;
  // The comment keeps the bundler of the pages from tracing the whole tree for this path.
  const file = await open(/* turbopackIgnore: true */ draft, 'wx', OWNER_ONLY_FILE);
  try {
    await writeDurably(file, generateKeyPem());
    await link(draft, path);
    await syncDirectory(directory);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

async function replaceKeyFile(directory: string, text: string): Promise<void> {
  const path = keyFilePath(directory);
  const draft = join(directory, DRAFT_FILE);
  // What a crash may have left; under the lock it is nobody else's.
  await rm(draft, { force: true });
  const file = await open(/* turbopackIgnore: true */ draft, 'wx', OWNER_ONLY_FILE);
  try {
    // An operator may run the command as root for a server that is not.
    const { uid, gid } = await stat(path);
    await file.chown(uid, gid);
    await writeDurably(file, text);
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncDirectory(directory);
}

async function writeDurably(file: FileHandle, text: string): Promise<void> {
  await file.writeFile(text);
  await file.sync();
}

/** A new name in a folder outlasts a power cut only when the folder itself is on the disk. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(/* turbopackIgnore: true */ directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function withLock<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  const path = join(directory, LOCK_FILE);
  const lock = await open(/* turbopackIgnore: true */ path, 'wx', OWNER_ONLY_FILE).catch((cause: unknown) => {
    if (hasCode(cause, 'EEXIST')) throw new OwnKeyError('busy', { cause });
    throw new OwnKeyError(hasCode(cause, 'ENOENT') ? 'missing' : 'unreadable', { cause });
  });
  try {
    return await work();
  } finally {
    await lock.close();
    await rm(path, { force: true });
  }
}

async function asUnreadable<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw new OwnKeyError('unreadable', { cause });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
