import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import { isSignalable } from './process-identity.ts';

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** How a process ended: by a code or by a signal. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a process is started. */
interface ProcessOptions {
  readonly command: Command;
  readonly directory: string;
  readonly environment: NodeJS.Dict<string>;
  /** Where its output is appended; without one it writes where we write. */
  readonly logFile?: string;
  /** Receives each line of standard output, which still goes to the log file. */
  readonly onLine?: (line: string) => void;
  /** How long it may take to end after SIGTERM before it is killed. */
  readonly stopTimeoutMs: number;
}

/** A child process at the head of a process group of its own, so that only we signal it and nothing of it is left behind. */
export interface ManagedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal to the process itself, not to its children. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it: SIGTERM, SIGKILL when the time is over, then whatever it left behind in its group. */
  end(): Promise<void>;
}

const LEFTOVER_TIMEOUT_MS = 3_000;
const POLL_MS = 50;

/** Starts a process; rejects if the program cannot be run. */
export async function startProcess(options: ProcessOptions): Promise<ManagedProcess> {
  const child = spawnChild(options);
  const exited = new Promise<ProcessExit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  return {
    pid,
    exited,
    signal: (signal) => void child.kill(signal),
    async end() {
      child.kill('SIGTERM');
      const abandoned = new AbortController();
      const late = delay(options.stopTimeoutMs, 'late', { signal: abandoned.signal }).catch(() => 'abandoned');
      if ((await Promise.race([exited, late])) === 'late') child.kill('SIGKILL');
      abandoned.abort();
      await exited;
      await endProcessGroup(pid);
    },
  };
}

/** Ends what is left of a process group: SIGINT (PostgreSQL's fast shutdown), then SIGKILL after three seconds. */
export async function endProcessGroup(leader: number): Promise<void> {
  signalGroup(leader, 'SIGINT');
  for (let waitedMs = 0; waitedMs < LEFTOVER_TIMEOUT_MS && isSignalable(-leader); waitedMs += POLL_MS) await delay(POLL_MS);
  signalGroup(leader, 'SIGKILL');
}

function spawnChild(options: ProcessOptions): ChildProcess {
  const [program, ...args] = options.command;
  const { logFile, onLine, directory: cwd } = options;
  // Named for the types of frameworks that want to know it; what is given decides.
  const env = { NODE_ENV: 'production' as const, ...options.environment };
  if (logFile === undefined) return spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', onLine === undefined ? log : 'pipe', log] });
  closeSync(log);
  if (child.stdout !== null && onLine !== undefined) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      appendFileSync(logFile, `${line}\n`);
      onLine(line);
    });
  }
  return child;
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // Nothing is left of the group, which is what the signal was for.
  }
}
