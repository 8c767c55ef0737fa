import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import type { LaunchPlan } from './postgres-identity.ts';
import { describeProcess, waitForExit } from './running-process.ts';

const START_TIMEOUT_MS = 60_000;
const FAST_STOP_MS = 20_000;
const IMMEDIATE_STOP_MS = 10_000;
const POLL_MS = 20;
const LOG_LINES_KEPT = 20;

/** A PostgreSQL server that this process started. */
export interface Postmaster {
  readonly pid: number;
  /** Settles once it has ended, for whatever reason. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** Says that the server ended while starting; `lines` are the last of its log. */
export class PostmasterExit extends Error {
  override readonly name = 'PostmasterExit';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(`PostgreSQL ended while starting: ${lines.join(' | ')}`);
    this.lines = lines;
  }
}

/** Starts the server and waits until it accepts connections; throws {@link PostmasterExit}. */
export async function startPostmaster(options: {
  readonly plan: LaunchPlan;
  readonly program: string;
  readonly folder: string;
  readonly arguments: readonly string[];
  readonly logger: Logger;
}): Promise<Postmaster> {
  const [command = options.program, ...rest] = [...options.plan.prefix, options.program, '-D', options.folder, ...options.arguments];
  // A session of its own: an interrupt typed in the terminal must reach this process alone, which then stops the server in order.
  const child = spawn(command, rest, { ...options.plan.spawnAs, cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = collectLog(child, options.logger);
  let ended = false;
  const exit = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      lines.push(error.message);
      ended = true;
      resolve();
    });
    child.once('close', () => {
      ended = true;
      resolve();
    });
  });
  const stopAtExit = (): void => {
    if (!ended) child.kill('SIGINT');
  };
  process.once('exit', stopAtExit);
  void exit.then(() => process.off('exit', stopAtExit));
  await untilReady({ folder: options.folder, pid: child.pid, hasEnded: () => ended, lines });
  return { pid: child.pid ?? 0, exited: exit, stop: () => stopChild(child, exit) };
}

function collectLog(child: ChildProcess, logger: Logger): string[] {
  const lines: string[] = [];
  if (child.stderr === null) return lines;
  createInterface({ input: child.stderr }).on('line', (line) => {
    logger.debug({ postgres: line }, 'PostgreSQL');
    lines.push(line);
    if (lines.length > LOG_LINES_KEPT) lines.shift();
  });
  return lines;
}

async function untilReady(server: { folder: string; pid: number | undefined; hasEnded: () => boolean; lines: readonly string[] }): Promise<void> {
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += POLL_MS) {
    if (server.hasEnded()) throw new PostmasterExit(server.lines);
    const file = await readPidFile(server.folder);
    if (file !== null && file.pid === server.pid && file.status === 'ready') return;
    await delay(POLL_MS);
  }
  if (server.pid !== undefined) process.kill(server.pid, 'SIGQUIT');
  throw new EmbeddedPostgresError('start_failed', `PostgreSQL was not ready after ${START_TIMEOUT_MS / 1000} s: ${server.lines.join(' | ')}`);
}

async function stopChild(child: ChildProcess, exit: Promise<void>): Promise<void> {
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), FAST_STOP_MS);
  await exit;
  clearTimeout(timer);
}

/**
 * Makes a data folder free: stops a server that outlived the process that started it and removes a stale pid file.
 * Throws {@link EmbeddedPostgresError} `in_use` when its own process still looks after it, `stop_failed` when it will not end.
 */
export async function endOrphan(folder: string, supervisorPid: number | null, logger: Logger): Promise<void> {
  const file = await readPidFile(folder);
  if (file === null) return;
  const running = await describeProcess(file.pid);
  // The folder may be a copy, and the id may have gone to another program since.
  const isOurs = running !== null && (await isSamePath(file.folder, folder)) && running.command.includes(file.folder);
  if (isOurs) {
    if (running.parentPid === supervisorPid) {
      throw new EmbeddedPostgresError('in_use', `Process ${supervisorPid} already uses the database in ${folder}. Stop it first, or choose another SECURECHAT_DATA_DIR.`);
    }
    logger.warn({ pid: file.pid }, 'Stopping a PostgreSQL that an earlier run left behind');
    await stopOrphan(file.pid, folder);
  }
  await rm(join(folder, 'postmaster.pid'), { force: true });
}

async function stopOrphan(pid: number, folder: string): Promise<void> {
  process.kill(pid, 'SIGINT');
  if (await waitForExit(pid, FAST_STOP_MS)) return;
  process.kill(pid, 'SIGQUIT');
  if (await waitForExit(pid, IMMEDIATE_STOP_MS)) return;
  throw new EmbeddedPostgresError('stop_failed', `The PostgreSQL left behind in ${folder} (process ${pid}) does not end.`);
}

async function isSamePath(a: string, b: string): Promise<boolean> {
  return (await realpath(a).catch(() => null)) === (await realpath(b).catch(() => ''));
}

async function readPidFile(folder: string): Promise<{ pid: number; folder: string; status: string } | null> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => null);
  const [pid, named = '', , , , , , status = ''] = (text ?? '').split('\n');
  return Number(pid) > 0 ? { pid: Number(pid), folder: named, status: status.trim() } : null;
}
