import { bin, run } from './run-step.ts';

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const CODE = ['protocol', 'e2ee', 'server', 'client', 'app', 'conformance', 'scripts', 'e2e', 'tests'];

/** What must hold of the source text itself, cheapest first. */
const CHECKS: readonly Check[] = [
  ...['isomorphic', 'server', 'conformance', 'test'].map((runtime) => ({
    name: `types: ${runtime}`,
    command: bin('tsc'),
    args: ['-p', `tsconfig.${runtime}.json`],
  })),
  { name: 'types: browser', command: bin('tsc'), args: ['-p', 'tsconfig.json', '--noEmit'] },
  { name: 'lint', command: bin('oxlint'), args: ['--deny-warnings'] },
  { name: 'floors', command: bin('depcruise'), args: ['--config', '.dependency-cruiser.mjs', ...CODE] },
  { name: 'dead code', command: bin('knip'), args: ['--no-progress'] },
  { name: 'openapi', command: process.execPath, args: ['scripts/lint-openapi.ts'] },
  { name: 'vectors', command: process.execPath, args: ['scripts/make-vectors.ts', '--check'] },
  { name: 'clauses', command: process.execPath, args: ['scripts/list-clauses.ts'] },
];

/** Runs every check, the later ones too when one fails; answers how many passed and failed. */
export async function verify(): Promise<{ passed: number; failed: number }> {
  await run(process.execPath, ['scripts/generate-prisma.ts']);
  const failed: string[] = [];
  for (const { name, command, args } of CHECKS) {
    process.stdout.write(`verify: ${name}\n`);
    if ((await run(command, args)) !== 0) failed.push(name);
  }
  for (const name of failed) process.stdout.write(`verify: ${name} FAILED\n`);
  return { passed: CHECKS.length - failed.length, failed: failed.length };
}

if (import.meta.main) {
  const { passed, failed } = await verify();
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
