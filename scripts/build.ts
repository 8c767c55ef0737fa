import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withBuildLock } from './build-lock.ts';
import { bin, ROOT, run } from './run-step.ts';

/** What the pages are made of. */
const SOURCES = ['app', 'client', 'e2ee', 'prisma/schema.prisma', 'protocol', 'public', 'server', 'next.config.mjs', 'postcss.config.mjs', 'package-lock.json'];

/** Builds the pages, into a folder for each kind, unless the last build was of the same sources; answers whether it built. */
export async function buildPages({ standalone = false } = {}): Promise<boolean> {
  await must('prisma generate', run(process.execPath, ['scripts/generate-prisma.ts']));
  const stamp = join(ROOT, standalone ? '.next-standalone' : '.next', 'securechat-build.txt');
  if (await isCurrent(stamp)) return false;
  return withBuildLock(async () => !(await isCurrent(stamp)) && build(stamp, standalone));
}

async function isCurrent(stamp: string): Promise<boolean> {
  return existsSync(stamp) && (await readFile(stamp, 'utf8')) === (await hashSources());
}

async function build(stamp: string, standalone: boolean): Promise<true> {
  const sources = await hashSources();
  process.stdout.write('building the pages (about half a minute) …\n');
  await must('next build', run(bin('next'), ['build'], {
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    SECURECHAT_STANDALONE: standalone ? '1' : '0',
  }));
  await writeFile(stamp, sources);
  return true;
}

async function must(name: string, exit: Promise<number>): Promise<void> {
  const code = await exit;
  if (code !== 0) throw new Error(`${name} ended with exit code ${code}`);
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of await listFiles(join(ROOT, source))) {
      hash.update(`${file.slice(ROOT.length)}\n`).update(await readFile(file));
    }
  }
  return hash.digest('hex');
}

async function listFiles(path: string): Promise<readonly string[]> {
  if (!existsSync(path)) return [];
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => null);
  if (entries === null) return [path];
  return entries
    .filter((entry) => entry.isFile() && !entry.name.includes('.test.') && !entry.parentPath.includes('/persistence/generated'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

if (import.meta.main) {
  const standalone = process.argv.includes('--standalone');
  const built = await buildPages({ standalone });
  if (!built) process.stdout.write('the pages are built already\n');
  if (standalone) {
    const { buildStandalone, STANDALONE } = await import('./build-standalone.ts');
    await buildStandalone();
    process.stdout.write(`a folder that runs by itself: ${STANDALONE}\n`);
  }
}
