import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** What the system says of a running process. */
export interface RunningProcess {
  readonly parentPid: number;
  readonly command: string;
}

/** Tells whether a process of this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Describes a process, null when there is none; a zombie counts as none. */
export async function describeProcess(pid: number): Promise<RunningProcess | null> {
  if (!isAlive(pid)) return null;
  if (process.platform === 'linux') return describeByProc(pid);
  const [parent, ...command] = spawnSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim().split(/\s+/);
  return parent === undefined || parent === '' ? null : { parentPid: Number(parent), command: command.join(' ') };
}

async function describeByProc(pid: number): Promise<RunningProcess | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    if (/^State:\s+[ZX]/m.test(status)) return null;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
    return { parentPid: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]), command };
  } catch {
    return null;
  }
}

/** Waits until the process is gone; false when it is still there after `timeoutMs`. */
export async function waitForExit(pid: number, timeoutMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += POLL_MS) {
    if ((await describeProcess(pid)) === null) return true;
    await delay(POLL_MS);
  }
  return (await describeProcess(pid)) === null;
}
