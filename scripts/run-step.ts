import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Gives the path of a command that a dependency brings. */
export function bin(name: string): string {
  return join(ROOT, 'node_modules', '.bin', name);
}

/** Runs a command in the project folder with its output shown; answers its exit code. */
export function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = `${join(ROOT, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`;
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, PATH: path, ...env } });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 3));
  });
}
