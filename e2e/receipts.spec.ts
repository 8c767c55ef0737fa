import { expect, test } from './support/playground.ts';

test('[DEL-6] Alice sees her message come to her server, to the other one, onto a device, and read', async ({ person }, testInfo) => {
  const alice = await person('rita@a.test');
  const bob = await person('rolf@b.test');
  await Promise.all([alice.register(), bob.register()]);
  await alice.startChat('rolf@b.test');
  await bob.leave();

  await alice.write('Are you there?');
  await alice.expectExactState('Are you there?', 'stored_there');
  await expect(alice.page.getByText('b.test has it')).toBeVisible();
  await expect(alice.page.getByText(/rolf has not accepted or answered yet/)).toBeVisible();

  // He opens the request: nobody is told, until he accepts it.
  const told = bob.acknowledged();
  await bob.openOnlyChat('Requests');
  await told;
  await alice.expectExactState('Are you there?', 'stored_there');
  await bob.acceptOpenRequest();
  await expect(alice.page.getByText(/has not accepted or answered yet/)).toBeHidden();
  await alice.expectExactState('Are you there?', 'read');

  // His browser is open, the chat is not.
  await bob.page.goto(`${bob.origin}/settings`);
  await alice.write('And now?');
  await alice.expectExactState('And now?', 'on_device');
  await expect(alice.page.getByText('on rolf’s device')).toBeVisible();

  await bob.openOnlyChat('Chats');
  await alice.expectExactState('And now?', 'read');
  await expect(alice.message('And now?').getByText('read', { exact: true })).toBeVisible();

  await alice.message('And now?').getByRole('button', { name: 'read. Message info' }).click();
  const row = alice.page.getByRole('dialog').locator('[data-recipient="rolf@b.test"]');
  await expect(row).toHaveAttribute('data-state', 'read');
  await expect(row).toContainText(/on a device .+ · read /);
  await alice.page.screenshot({ path: testInfo.outputPath('message-info.png') });
  await alice.page.keyboard.press('Escape');
});

test('[DEL-6] whoever was away when it was read sees it on coming back', async ({ person }) => {
  const alice = await person('rhea@a.test');
  const bob = await person('ruth@b.test');
  await Promise.all([alice.register(), bob.register()]);
  await alice.startChat('ruth@b.test');
  await alice.write('Read this while I am gone');
  await alice.expectState('Read this while I am gone', 'stored_there');
  await alice.leave();
  const told = bob.acknowledged();
  await bob.openOnlyChat('Requests');
  await told;
  await bob.acceptOpenRequest();
  await alice.openOnlyChat('Chats');
  await alice.expectExactState('Read this while I am gone', 'read');
});

test('[DEL-6] receipts switched off are neither given nor shown, on either side', async ({ person }, testInfo) => {
  const alice = await person('rosa@a.test');
  const bob = await person('rene@b.test');
  await Promise.all([alice.register(), bob.register()]);
  await bob.setPrivacy('Receipts', false);
  await bob.page.screenshot({ path: testInfo.outputPath('privacy.png') });
  await alice.startChat('rene@b.test');

  await alice.write('Do you see this?');
  await alice.expectState('Do you see this?', 'stored_there');
  const bobHas = bob.acknowledged();
  await bob.openOnlyChat('Requests');
  await expect(bob.message('Do you see this?')).toBeVisible();
  await bobHas;

  // Alice has and reads his answer; he is not shown that, and she is not shown what he did.
  const aliceHas = alice.acknowledged();
  await bob.write('I do');
  await expect(alice.message('I do')).toBeVisible();
  await aliceHas;
  await bob.expectExactState('I do', 'stored_there');
  await alice.expectExactState('Do you see this?', 'stored_there');

  // Once his switch is on again a read is a read of all that stands before it.
  await bob.setPrivacy('Receipts', true);
  await alice.write('And now?');
  await bob.openOnlyChat('Chats');
  await alice.expectExactState('And now?', 'read');
  await alice.expectExactState('Do you see this?', 'read');
});

test('[API-8] that somebody writes is shown, ends with their message and by itself, and can be switched off', async ({ person }) => {
  const alice = await person('tess@a.test');
  const bob = await person('tom@b.test');
  await Promise.all([alice.register(), bob.register()]);
  await alice.startChat('tom@b.test');
  await alice.write('Hello Tom');
  await bob.acceptOnlyRequest();
  const line = alice.page.getByText('tom is typing…');

  await bob.composer().pressSequentially('I was just');
  await expect(line).toBeVisible();
  await bob.composer().press('Enter');
  await expect(alice.message('I was just')).toBeVisible();
  await expect(line).toBeHidden();

  // It is told every few seconds at most. He stops without sending: then nobody is said to write.
  await expect(async () => {
    await bob.composer().pressSequentially('so ');
    await expect(line).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(line).toBeHidden({ timeout: 10_000 });

  await alice.setPrivacy('Typing', false);
  await alice.openOnlyChat('Chats');
  await expect(async () => {
    const heard = bob.page.waitForResponse((response) => response.url().includes('conversations.typing') && response.ok(), { timeout: 500 });
    await bob.composer().pressSequentially('on ');
    await heard;
  }).toPass();
  await bob.composer().fill('sent after all');
  await bob.composer().press('Enter');
  await expect(alice.message('sent after all')).toBeVisible();
  await expect(line).toBeHidden();
});
