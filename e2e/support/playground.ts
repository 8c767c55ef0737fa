import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from '@playwright/test';
import type { Browser } from '@playwright/test';
import { startPlayground } from '../../conformance/launcher/playground.ts';
import type { Playground } from '../../conformance/launcher/playground.ts';
import { Person } from './person.ts';

interface Fixtures {
  /** Opens a browser of its own for a person, at their own server. */
  readonly person: (userId: string) => Promise<Person>;
}

interface WorkerFixtures {
  /** Three domains over real TLS, found by a fake DNS; every server and database is a process of its own. */
  readonly playground: Playground;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  playground: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the parameters of a fixture from its destructuring
    async ({}, use) => {
      const directory = join(await mkdtemp(join(tmpdir(), 'securechat-e2e-')), 'playground');
      const log = (line: string): boolean => process.stdout.write(`  ${line}\n`);
      const playground = await startPlayground({ domains: ['a.test', 'b.test', 'c.test'], peers: [], directory, log, buildCommand: null });
      await use(playground);
      await playground[Symbol.asyncDispose]();
      await rm(join(directory, '..'), { recursive: true, force: true });
    },
    { scope: 'worker', timeout: 300_000 },
  ],

  person: async ({ playground, browser }, use) => {
    const opened: Person[] = [];
    await use(async (userId) => {
      const person = await openPerson(browser, playground, userId);
      opened.push(person);
      return person;
    });
    for (const person of opened) await person.close();
  },
});

export { expect } from '@playwright/test';

async function openPerson(browser: Browser, playground: Playground, userId: string): Promise<Person> {
  const [username = '', domain = ''] = userId.split('@');
  const { instances } = await playground.descriptor();
  const instance = instances.find((candidate) => candidate.domain === domain);
  if (instance === undefined) throw new Error(`no instance serves ${domain}`);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  return new Person({ userId, username, origin: instance.url, context, page: await context.newPage() });
}
