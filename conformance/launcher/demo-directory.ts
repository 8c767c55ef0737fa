import { writeFileSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { endLeftBehindDatabase, endLeftBehindServer } from './end-left-behind.ts';
import { PlaygroundError } from './playground-error.ts';
import { identifyProcess } from './process-identity.ts';

/** A process as the lock file names it. */
interface LockedProcess {
  readonly pid: number;
  readonly identity: string;
}

interface Lock {
  /** `null` once the demo has ended and only its logs are left. */
  readonly owner: LockedProcess | null;
  /** The heads of the process groups that it started. */
  readonly children: readonly LockedProcess[];
}

/** The directory of a running playground; nobody else can claim it until it is released. */
export interface DemoDirectory {
  readonly path: string;
  /** Notes a process group, so that a later start can end it if this process is killed before it could. */
  remember(pid: number): void;
  /** Removes the directory. */
  remove(): Promise<void>;
  /** Leaves the directory (for its logs) to the next start, which wipes it. */
  abandon(): Promise<void>;
}

const LOCK_FILE = 'demo.lock';

/**
 * Claims a directory for a playground and empties it.
 * Throws `already_running` while another process holds it and `directory_in_use` if it holds files of somebody else.
 * What a killed demo left running is ended first.
 */
export async function claimDemoDirectory(path: string): Promise<DemoDirectory> {
  const lockFile = join(path, LOCK_FILE);
  await clearDirectory(path, lockFile);
  // PostgreSQL may run as another user and has to get through to its files; what is secret has a mode of its own.
  await mkdir(path, { recursive: true, mode: 0o755 });
  const children: LockedProcess[] = [];
  const owner = { pid: process.pid, identity: identifyProcess(process.pid) ?? 'unknown' };
  await writeFile(lockFile, formatLock({ owner, children }), { flag: 'wx' });
  return {
    path,
    remember(pid) {
      children.push({ pid, identity: identifyProcess(pid) ?? 'gone' });
      // Written at once: instances start together, and two writes of one file at a time would mix.
      writeFileSync(lockFile, formatLock({ owner, children }));
    },
    remove: () => rm(path, { recursive: true, force: true }),
    abandon: () => writeFile(lockFile, formatLock({ owner: null, children: [] })),
  };
}

async function clearDirectory(path: string, lockFile: string): Promise<void> {
  const entries = await readdir(path).catch(() => []);
  if (entries.length === 0) return;
  const lock = await readLock(lockFile);
  if (lock === null) {
    throw new PlaygroundError('directory_in_use', `${path} holds files that the demo did not make: move them away first.`);
  }
  if (lock.owner !== null && isStillRunning(lock.owner)) {
    throw new PlaygroundError('already_running', `Another demo is running here (process ${lock.owner.pid}): stop it first.`);
  }
  await Promise.all(lock.children.filter(isProvenRunning).map((child) => endLeftBehindServer(child.pid)));
  await Promise.all(entries.map((entry) => endLeftBehindDatabase(join(path, entry))));
  await rm(path, { recursive: true, force: true });
}

async function readLock(file: string): Promise<Lock | null> {
  try {
    const lock: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isLock(lock) ? lock : null;
  } catch {
    return null;
  }
}

function isLock(value: unknown): value is Lock {
  if (typeof value !== 'object' || value === null || !('owner' in value) || !('children' in value)) return false;
  return (value.owner === null || isLockedProcess(value.owner)) && Array.isArray(value.children) && value.children.every(isLockedProcess);
}

function isLockedProcess(value: unknown): value is LockedProcess {
  if (typeof value !== 'object' || value === null || !('pid' in value) || !('identity' in value)) return false;
  return Number.isInteger(value.pid) && typeof value.identity === 'string';
}

function isStillRunning(noted: LockedProcess): boolean {
  return identifyProcess(noted.pid) === noted.identity;
}

/** Only a process that is surely the one noted may be ended. */
function isProvenRunning(noted: LockedProcess): boolean {
  return noted.identity !== 'unknown' && isStillRunning(noted);
}

function formatLock(lock: Lock): string {
  return `${JSON.stringify(lock)}\n`;
}
