import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const schema = join(root, 'prisma', 'schema.prisma');
const generated = join(root, 'server', 'persistence', 'generated', 'client.ts');

function modifiedAtMs(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}

/** Tells whether the generated client is there and no older than the schema and the generator. */
function isCurrent(): boolean {
  const generatedAt = modifiedAtMs(generated);
  const sources = [schema, join(root, 'node_modules', 'prisma', 'package.json')].map((path) => modifiedAtMs(path) ?? 0);
  return generatedAt !== null && sources.every((changedAt) => changedAt <= generatedAt);
}

/** Writes the Prisma client from the schema; prints only what went wrong and gives the exit code. */
function generate(): number {
  const prisma = join(root, 'node_modules', 'prisma', 'build', 'index.js');
  const result = spawnSync(process.execPath, [prisma, 'generate', '--no-hints'], {
    cwd: root,
    encoding: 'utf8',
    // Generating needs no schema engine, but the CLI downloads one unless it is told of a file that exists.
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1', ...process.env },
  });
  if (result.status === 0) return 0;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error === undefined ? '' : `${result.error.message}\n`}`);
  return 1;
}

process.exitCode = isCurrent() ? 0 : generate();
