import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { endProcessGroup } from './managed-process.ts';
import { identifyProcess, readCommandLine } from './process-identity.ts';

const SERVER_TIMEOUT_MS = 10_000;
const DATABASE_TIMEOUT_MS = 10_000;
const POLL_MS = 50;

/** Ends a process that is not our child, then its group: SIGTERM first, SIGKILL after ten seconds. */
export async function endLeftBehindServer(pid: number): Promise<void> {
  signalProcess(pid, 'SIGTERM');
  if (!(await waitUntilGone(pid, SERVER_TIMEOUT_MS))) signalProcess(pid, 'SIGKILL');
  await endProcessGroup(pid);
}

/**
 * Ends the PostgreSQL that a killed server left running in its data folder, named by `embedded-postgres.json` there:
 * fast shutdown by SIGINT, immediate by SIGQUIT after ten seconds. Does nothing to a process that works elsewhere.
 */
export async function endLeftBehindDatabase(dataDirectory: string): Promise<void> {
  const pid = await readDatabasePid(dataDirectory);
  const folder = await realpath(dataDirectory).catch(() => dataDirectory);
  if (pid === null || identifyProcess(pid) === null || !readCommandLine(pid).includes(folder)) return;
  signalProcess(pid, 'SIGINT');
  if (!(await waitUntilGone(pid, DATABASE_TIMEOUT_MS))) signalProcess(pid, 'SIGQUIT');
}

async function readDatabasePid(dataDirectory: string): Promise<number | null> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(dataDirectory, 'embedded-postgres.json'), 'utf8'));
    const pid = typeof parsed === 'object' && parsed !== null && 'pid' in parsed ? parsed.pid : null;
    return typeof pid === 'number' && Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

async function waitUntilGone(pid: number, timeoutMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += POLL_MS) {
    if (identifyProcess(pid) === null) return true;
    await delay(POLL_MS);
  }
  return identifyProcess(pid) === null;
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in between, which is what the signal was for.
  }
}
