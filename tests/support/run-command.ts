import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Is the folder of the project. */
export const PROJECT_ROOT = join(import.meta.dirname, '..', '..');

/** How a command ended and what it wrote. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the project on this Node with no environment but PATH and the one given, to its end. */
export async function runCommand(args: readonly string[], env: Partial<NodeJS.ProcessEnv>): Promise<CommandResult> {
  const child = spawn(process.execPath, args, { cwd: PROJECT_ROOT, env: { NODE_ENV: 'test', PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
