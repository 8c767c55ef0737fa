import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { eventually } from './eventually.ts';
import { promisePort } from './port-range.ts';
import type { TestPlayground } from './test-playground.ts';

/** A further process of an instance, on the database of the first. */
export interface SecondProcess {
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** Ends it with a signal and waits until it has ended; gives its exit code, null where the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const PROJECT_ROOT = resolve(import.meta.dirname, '../..');
const READY_MS = 60_000;

/** Starts a second process of an instance of a playground, with the settings of the first but for its ports. */
export async function startSecondProcess(ground: TestPlayground, domain: string): Promise<SecondProcess> {
  const first = await ground.instance(domain);
  const [webPort, s2sPort] = [await promisePort(), await promisePort()];
  const logFile = join(ground.directory, `${domain}.second.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, ['server/main.ts'], {
    cwd: PROJECT_ROOT,
    env: { NODE_ENV: 'production', ...environmentOf(first.pid), PORT: String(webPort), SECURECHAT_S2S_PORT: String(s2sPort), DATABASE_URL: first.databaseUrl },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const url = `http://127.0.0.1:${webPort}`;
  const ended = once(child, 'exit');
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const [code] = await ended;
    return typeof code === 'number' ? code : null;
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`the second process ended: ${readFileSync(logFile, 'utf8').slice(-1_500)}`);
      const answer = await fetch(`${url}/readyz`);
      if (answer.status !== 200) throw new Error(`the second process is not ready: ${answer.status}`);
    }, READY_MS);
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  return { url, pid: child.pid ?? 0, logFile, end };
}

function environmentOf(pid: number): Readonly<Record<string, string>> {
  const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter((line) => line.includes('='));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
