import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { expect, test } from './support/playground.ts';

const AXE = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

/** Lists what axe finds wrong with the page as it is, as `rule: first element`. */
async function findFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(await readFile(AXE, 'utf8'));
  return page.evaluate(async () => {
    const { violations } = await window.axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
  });
}

test('axe finds nothing on any screen, light and dark, desktop and phone', async ({ person }) => {
  const alice = await person('alix@a.test');
  await alice.page.goto(`${alice.origin}/register`);
  await expect(alice.page.getByLabel('Username')).toBeVisible();
  expect(await findFaults(alice.page)).toEqual([]);
  await alice.register();
  await alice.startChat('nil@a.test').catch(() => undefined);
  await expect(alice.page.getByText('a.test answers, but nobody there has the address nil@a.test.')).toBeVisible();
  expect(await findFaults(alice.page)).toEqual([]);

  const berta = await person('berta@b.test');
  await berta.register();
  await alice.startChat('berta@b.test');
  await alice.write('a line to look at');
  await alice.expectState('a line to look at', 'stored_there');
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const size of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      await alice.page.emulateMedia({ colorScheme });
      await alice.page.setViewportSize(size);
      await expect(alice.message('a line to look at')).toBeVisible();
      expect(await findFaults(alice.page)).toEqual([]);
    }
  }
  await alice.page.setViewportSize({ width: 1440, height: 900 });
  await alice.page.getByRole('link', { name: 'Open details' }).click();
  await expect(alice.page.getByRole('complementary', { name: 'Details' })).toBeVisible();
  expect(await findFaults(alice.page)).toEqual([]);
  for (const path of ['/chats', '/requests', '/settings']) {
    await alice.page.goto(`${alice.origin}${path}`);
    await expect(alice.page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await findFaults(alice.page)).toEqual([]);
  }
});

test('by keyboard alone a person signs in, opens a chat and writes', async ({ person }) => {
  const alice = await person('aude@a.test');
  await alice.register();
  const benno = await person('benno@b.test');
  await benno.register();
  const { page } = alice;
  await page.goto(`${alice.origin}/chats/new`);
  await expect(page.getByLabel('Address', { exact: true })).toBeFocused();
  await page.keyboard.type('benno@b.test');
  await page.keyboard.press('Tab');
  while (!(await page.getByRole('button', { name: 'Start chat' }).evaluate((button) => button === document.activeElement))) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await expect(alice.composer()).toBeFocused({ timeout: 30_000 });
  await page.keyboard.type('typed without a mouse');
  await page.keyboard.press('Enter');
  await alice.expectState('typed without a mouse', 'stored_there');
});

declare global {
  interface Window {
    readonly axe: { run(): Promise<{ violations: readonly { id: string; nodes: readonly { html: string }[] }[] }> };
  }
}
