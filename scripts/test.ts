import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPages } from './build.ts';
import { findBrowser } from './find-browser.ts';
import { bin, run } from './run-step.ts';
import { verify } from './verify.ts';

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** Runs everything that CI runs and sums it up in one closing line. */
async function testAll(): Promise<Tally> {
  const reports = await mkdtemp(join(tmpdir(), 'securechat-tests-'));
  try {
    const verified = await verify();
    // Before any test, so that none finds the pages half built.
    await buildPages();
    const tallies = [verified, await runVitest(join(reports, 'vitest.json')), await runPlaywright(join(reports, 'playwright.json'))];
    return tallies.reduce((sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }));
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
}

/** Unit tests, and integration tests on a real PostgreSQL. */
async function runVitest(report: string): Promise<Tally> {
  const code = await run(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
  const read: unknown = JSON.parse(await readFile(report, 'utf8').catch(() => '{}'));
  const passed = member(read, 'numPassedTests');
  const failed = member(read, 'numFailedTests');
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
}

/** Two people on two domains, in a real browser. */
async function runPlaywright(report: string): Promise<Tally> {
  const { executable, how } = await findBrowser();
  process.stdout.write(`browser: ${executable} (${how})\n`);
  const code = await run(bin('playwright'), ['test', '--reporter=list,json'], {
    SECURECHAT_BROWSER: executable,
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
  const read: unknown = JSON.parse(await readFile(report, 'utf8').catch(() => '{}'));
  const stats = typeof read === 'object' && read !== null && 'stats' in read ? read.stats : {};
  // Flaky counts as failed: it is a fault of the product or of the test.
  const failed = member(stats, 'unexpected') + member(stats, 'flaky');
  return { passed: member(stats, 'expected'), failed: failed === 0 && code !== 0 ? 1 : failed };
}

function member(object: unknown, name: string): number {
  const value: unknown = typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;
  return typeof value === 'number' ? value : 0;
}

const { passed, failed } = await testAll();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
