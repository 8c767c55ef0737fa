import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Identifies a running process beyond its number, which the system hands out again: on Linux by the moment of its start
 * (proc(5), field 22 of `stat`), elsewhere `'unknown'`. Gives `null` if no such process runs.
 */
export function identifyProcess(pid: number): string | null {
  if (!isSignalable(pid)) return null;
  try {
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return state === 'Z' ? null : (fields[18] ?? 'unknown');
  } catch {
    return 'unknown';
  }
}

/** Tells whether a process, or with a negative number any process of that group, is there. */
export function isSignalable(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Reads the command line of a process, words separated by blanks; `''` if there is none to be read. */
export function readCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return (spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '').trim();
  }
}
