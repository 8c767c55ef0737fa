import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { startProcess } from '../../conformance/launcher/managed-process.ts';
import type { Command, ManagedProcess } from '../../conformance/launcher/managed-process.ts';
import { eventually } from './eventually.ts';

const STOP_TIMEOUT_MS = 5_000;
const LOG_END = 2_000;

/** Starts a program that stays in the foreground and waits until `isReady` does not throw; its output explains a failure. */
export async function startForegroundTool(options: {
  readonly command: Command;
  readonly logFile: string;
  readonly isReady: () => Promise<void>;
  readonly environment?: Readonly<Record<string, string>>;
}): Promise<ManagedProcess> {
  const { command, logFile, isReady, environment = {} } = options;
  const tool = await startProcess({
    command,
    directory: dirname(logFile),
    environment: { PATH: process.env['PATH'], ...environment },
    logFile,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
  const died = tool.exited.then(({ code, signal }) => Promise.reject(new Error(`${command[0]} ended while it was starting (${signal ?? code}).`)));
  // Its end later on is no failure of the start.
  died.catch(() => undefined);
  try {
    await Promise.race([eventually(isReady), died]);
    return tool;
  } catch (cause) {
    await tool.end();
    throw new Error(`${command[0]} did not start: …${(await readFile(logFile, 'utf8')).slice(-LOG_END)}`, { cause });
  }
}
