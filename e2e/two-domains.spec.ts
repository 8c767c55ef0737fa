import { expect, test } from './support/playground.ts';

const READ_WITHIN_MS = 2_000;
const SIZES = [
  { name: 'desktop', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
] as const;

test('Alice on a.test and Bob on b.test write to each other, found by SRV and proven by TLS', async ({ person, playground }, testInfo) => {
  const alice = await person('alice@a.test');
  const bob = await person('bob@b.test');
  await Promise.all([alice.register(), bob.register()]);

  await alice.startChat('bob@b.test');
  await alice.write('Good morning, Bob!');
  await alice.expectState('Good morning, Bob!', 'stored_there');
  await bob.openOnlyChat('Requests');
  await expect(bob.message('Good morning, Bob!')).toBeVisible();

  // Both write, both read within 2 s of sending.
  await bob.write('Good morning, Alice.');
  await expect(alice.message('Good morning, Alice.')).toBeVisible({ timeout: READ_WITHIN_MS });
  await alice.write('Shall we meet at the harbour?');
  await expect(bob.message('Shall we meet at the harbour?')).toBeVisible({ timeout: READ_WITHIN_MS });
  await alice.expectState('Shall we meet at the harbour?', 'stored_there');

  const asked = playground.dns.queries.map(({ type, name }) => `${type} ${name}`);
  expect(asked).toContain('SRV _securechat-s2s._tcp.b.test');
  expect(asked).toContain('SRV _securechat-s2s._tcp.a.test');

  for (const size of SIZES) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await alice.page.setViewportSize(size);
      await alice.page.emulateMedia({ colorScheme });
      await expect(alice.message('Good morning, Alice.')).toBeVisible();
      await alice.page.screenshot({ path: testInfo.outputPath(`chat-${size.name}-${colorScheme}.png`) });
    }
  }
});

test('every delivery state is seen on the way: waiting, own server, waiting for the peer, the other server', async ({ person, playground }) => {
  const alice = await person('anna@a.test');
  const bob = await person('boris@b.test');
  await Promise.all([alice.register(), bob.register()]);
  await alice.startChat('boris@b.test');
  await alice.write('first');
  await alice.expectState('first', 'stored_there');

  // Held in the browser: nothing has it yet.
  const release = Promise.withResolvers<void>();
  await alice.page.route('**/api/trpc/messages.send**', async (route) => {
    await release.promise;
    await route.continue();
  });
  await alice.write('second');
  await alice.expectState('second', 'sending');
  await expect(alice.page.getByText('waiting to send')).toBeVisible();

  // b.test stands still: it takes connections and answers none.
  const { instances } = await playground.descriptor();
  const pid = instances.find(({ domain }) => domain === 'b.test')?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    release.resolve();
    await alice.expectState('second', 'stored_here');
    await expect(alice.page.getByText('a.test has it')).toBeVisible();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await alice.expectState('second', 'stored_there');
});

test('b.test is killed, Alice writes five, b.test comes back: all five arrive once and in order', async ({ person, playground }) => {
  const alice = await person('amy@a.test');
  const bob = await person('ben@b.test');
  await Promise.all([alice.register(), bob.register()]);
  await alice.startChat('ben@b.test');
  await alice.write('before the outage');
  await bob.openOnlyChat('Requests');
  await expect(bob.message('before the outage')).toBeVisible();

  await playground.kill('b.test', 'SIGKILL');
  const five = [1, 2, 3, 4, 5].map((number) => `during the outage ${number}`);
  for (const text of five) await alice.write(text);
  await alice.expectState(five[4] ?? '', 'waiting_peer', 30_000);
  await expect(alice.page.getByText('Waiting for b.test').first()).toBeVisible();

  await playground.restart('b.test');
  for (const text of five) await alice.expectState(text, 'stored_there', 60_000);
  await expect(bob.message(five[4] ?? '')).toBeVisible({ timeout: 30_000 });
  expect(await bob.texts()).toEqual(['before the outage', ...five]);
});

test('a second browser signs in with the password and reads the whole history', async ({ person }) => {
  const alice = await person('ada@a.test');
  const bob = await person('bea@b.test');
  await Promise.all([alice.register(), bob.register()]);
  await alice.startChat('bea@b.test');
  const said = ['one', 'two', 'three'];
  for (const text of said) await alice.write(text);
  await alice.expectState('three', 'stored_there');
  await bob.openOnlyChat('Requests');
  await bob.write('four');
  await expect(alice.message('four')).toBeVisible();

  const second = await person('ada@a.test');
  await second.signIn();
  await second.openOnlyChat('Chats');
  await expect(second.message('four')).toBeVisible();
  expect(await second.texts()).toEqual([...said, 'four']);
});

test('a group over three domains: Carol is removed, the others go on under a new key, and she is told', async ({ person }) => {
  const [alice, bob, carol] = await Promise.all([person('agnes@a.test'), person('bill@b.test'), person('carol@c.test')]);
  await Promise.all([alice.register(), bob.register(), carol.register()]);
  await alice.startChat('bill@b.test', 'carol@c.test');
  await alice.write('hello to both');
  await Promise.all([bob.openOnlyChat('Requests'), carol.openOnlyChat('Requests')]);
  await bob.write('bill here');
  await carol.write('carol here');
  for (const someone of [alice, bob, carol]) {
    for (const text of ['hello to both', 'bill here', 'carol here']) await expect(someone.message(text)).toBeVisible();
  }

  await alice.page.getByRole('link', { name: 'Open details' }).click();
  await alice.page.getByRole('button', { name: 'Remove carol@c.test' }).click();
  await alice.page.getByRole('button', { name: 'Remove person' }).click();
  await expect(alice.page.getByText('You removed carol@c.test. Messages from here on use a new key.')).toBeVisible();
  await expect(carol.page.getByText(/You were removed from this chat/)).toBeVisible();
  await expect(carol.composer()).toHaveCount(0);

  await expect(bob.page.getByText(/removed carol@c.test/)).toBeVisible();
  await alice.write('without carol');
  await bob.write('indeed');
  await expect(bob.message('without carol')).toBeVisible();
  await expect(alice.message('indeed')).toBeVisible();
  expect(await carol.texts()).toEqual(['hello to both', 'bill here', 'carol here']);
});

test('what a person types as an address leads to an answer that names the side at fault', async ({ person, playground }) => {
  const alice = await person('alma@a.test');
  await alice.register();
  await alice.page.goto(`${alice.origin}/chats/new`);
  const look = async (address: string): Promise<void> => {
    await alice.page.getByLabel('Address', { exact: true }).fill(address);
    await alice.page.getByRole('button', { name: 'Start chat' }).click();
  };
  await look('nobody@b.test');
  await expect(alice.page.getByText('b.test answers, but nobody there has the address nobody@b.test.')).toBeVisible();
  await look('bob@nowhere.test');
  await expect(alice.page.getByText(/There is no SecureChat server for nowhere.test/)).toBeVisible();
  await look('not an address');
  await expect(alice.page.getByRole('alert').or(alice.page.getByText(/missing|cannot be/)).first()).toBeVisible();

  await playground.kill('c.test', 'SIGKILL');
  await look('carl@c.test');
  await expect(alice.page.getByText(/c.test does not answer right now/)).toBeVisible({ timeout: 45_000 });
  await playground.restart('c.test');
});

test('the browser asks only its own server, and neither text nor password is in what it sends', async ({ person }) => {
  const alice = await person('ava@a.test');
  const bob = await person('bo@b.test');
  await Promise.all([alice.register(), bob.register()]);
  await alice.startChat('bo@b.test');
  const page = await alice.context.request.get(`${alice.origin}/chats`);
  expect(page.headers()).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  const marker = 'lighthouse-canary-7f3a';
  await alice.write(marker);
  await alice.expectState(marker, 'stored_there');
  await bob.openOnlyChat('Requests');
  await expect(bob.message(marker)).toBeVisible();

  for (const someone of [alice, bob]) {
    const sent = someone.requests.map(({ url, body }) => `${url}\n${body}`).join('\n');
    expect(sent).toContain(someone.username);
    expect(sent).not.toContain(marker);
    expect(sent).not.toContain(someone.password);
    expect(sent).not.toContain(encodeURIComponent(someone.password));
    const foreign = someone.requests.filter(({ url }) => !url.startsWith(someone.origin) && !url.startsWith('data:') && !url.startsWith('blob:'));
    expect(foreign).toEqual([]);
  }
});

test('signing out erases what the browser kept, and a revoked browser is signed out', async ({ person }) => {
  const alice = await person('aria@a.test');
  await alice.register();
  const second = await person('aria@a.test');
  await second.signIn();

  await alice.page.goto(`${alice.origin}/settings`);
  const browsers = alice.page.getByRole('button', { name: /^Sign out Chrome/ });
  await browsers.first().click();
  await expect(second.page).toHaveURL(/\/sign-in/, { timeout: 30_000 });

  await alice.page.getByRole('button', { name: 'Sign out', exact: true }).last().click();
  await alice.page.getByRole('dialog').or(alice.page.getByRole('alertdialog')).getByRole('button', { name: 'Sign out' }).click();
  await expect(alice.page).toHaveURL(/\/sign-in/);
  expect(await alice.page.evaluate(countKeptRows)).toBe(0);
});

/** Counts what the page has kept in IndexedDB and in web storage; the choice of theme and language is no secret. */
async function countKeptRows(): Promise<number> {
  const done = <Value>(request: IDBRequest<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB failed')));
    });
  let rows = 0;
  for (const { name = '' } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) rows += await done(database.transaction(store).objectStore(store).count());
    database.close();
  }
  return rows + sessionStorage.length;
}
