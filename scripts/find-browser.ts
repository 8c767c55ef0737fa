import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';
import { bin, run } from './run-step.ts';

export interface FoundBrowser {
  readonly executable: string;
  /** How it came to be there, for people. */
  readonly how: string;
}

/** Where systems keep Chromium and its kin. */
const SYSTEM_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * Finds the browser for the browser tests: the one named by SECURECHAT_BROWSER, Playwright's own, the system's; else
 * installs Playwright's, or Debian's where that cannot be downloaded. Throws when all of that fails.
 */
export async function findBrowser(): Promise<FoundBrowser> {
  const named = process.env['SECURECHAT_BROWSER'];
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return { executable: named, how: 'named by SECURECHAT_BROWSER' };
    throw new Error('SECURECHAT_BROWSER names a file that does not exist.');
  }
  return findInstalled() ?? (await installBrowser());
}

function findInstalled(): FoundBrowser | null {
  const own = chromium.executablePath();
  if (existsSync(own)) return { executable: own, how: 'installed by Playwright' };
  const executable = SYSTEM_PATHS.find((path) => existsSync(path));
  return executable === undefined ? null : { executable, how: 'found on this machine' };
}

async function installBrowser(): Promise<FoundBrowser> {
  process.stdout.write('browser: none found, trying `npx playwright install chromium` …\n');
  if ((await run(bin('playwright'), ['install', 'chromium'])) === 0 && existsSync(chromium.executablePath())) {
    return { executable: chromium.executablePath(), how: 'just installed by Playwright' };
  }
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    process.stdout.write('browser: that download failed, trying `apt-get install chromium` …\n');
    await run('apt-get', ['update', '-q']);
    await run('apt-get', ['install', '-y', '-q', 'chromium'], { DEBIAN_FRONTEND: 'noninteractive' });
  }
  const found = findInstalled();
  if (found === null) throw new Error('No browser: install Chromium, or set SECURECHAT_BROWSER to an executable of one.');
  return { ...found, how: 'just installed from the packages of this system' };
}
