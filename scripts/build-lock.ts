import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from './run-step.ts';

const LOCK = join(ROOT, 'node_modules', '.cache', 'securechat-build.lock');
const POLL_MS = 200;

/** Lets one build run at a time, whoever asks: test files and commands start side by side, and Next refuses a second build. */
export async function withBuildLock<Result>(build: () => Promise<Result>): Promise<Result> {
  await mkdir(dirname(LOCK), { recursive: true });
  while (!(await tryLock())) await delay(POLL_MS);
  try {
    return await build();
  } finally {
    await rm(LOCK, { force: true });
  }
}

async function tryLock(): Promise<boolean> {
  const own = `${LOCK}.${process.pid}`;
  await writeFile(own, String(process.pid));
  try {
    // A link comes into being whole, unlike a file that is created and then written.
    await link(own, LOCK);
    return true;
  } catch {
    const owner = await readFile(LOCK, 'utf8').catch(() => null);
    // A build that was killed leaves its lock behind.
    if (owner !== null && !isRunning(Number(owner))) await rm(LOCK, { force: true });
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
