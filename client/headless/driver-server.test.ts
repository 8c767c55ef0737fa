import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDriverRoutes } from './driver-routes.ts';
import { createDriverServer } from './driver-server.ts';
import { asTimePasses, createPeople, PASSWORD } from './testing/people.ts';
import type { People } from './testing/people.ts';

let people: People;
let origin: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  people = createPeople();
  // One process per instance: this one is a.test's.
  const server = createDriverServer(createDriverRoutes({ createClient: () => people.device('@a.test'), clock: people.clock }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = () => new Promise((resolve) => server.close(() => resolve()));
});

afterEach(() => stop());

async function call(method: 'GET' | 'POST', path: string, body?: object) {
  const answer = await fetch(`${origin}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.json() };
}

async function createAlice(): Promise<string> {
  const { body } = await call('POST', '/users', { username: 'alice', password: PASSWORD });
  return body.userId;
}

test('a user is made, writes and reads through the driver as interface.md has it', async () => {
  const bob = await people.register('bob@b.test');
  expect(await call('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
  const made = await call('POST', '/users', { username: 'alice', password: PASSWORD });
  expect(made).toEqual({ status: 201, type: 'application/json', body: { userId: 'alice@a.test' } });
  const as = made.body.userId;
  const opened = await call('POST', '/conversations', { as, participants: ['bob@b.test'], title: 'Bob' });
  expect(opened).toEqual({ status: 201, type: 'application/json', body: { conversationId: expect.stringMatching(/:a\.test$/) } });
  const { conversationId } = opened.body;
  const sent = await call('POST', '/messages', { as, conversationId, text: 'hello' });
  expect(sent).toEqual({ status: 201, type: 'application/json', body: { messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
  await bob.messages.send(conversationId, 'hi');
  const listed = await call('GET', `/messages?as=${as}&conversationId=${conversationId}`);
  expect(listed.body).toEqual([
    { messageId: sent.body.messageId, senderId: as, text: 'hello', state: 'stored', epoch: 1 },
    { messageId: expect.any(String), senderId: 'bob@b.test', text: 'hi', state: 'stored', epoch: 1 },
  ]);
  expect((await call('GET', `/conversations?as=${as}`)).body).toEqual([
    { conversationId, participants: [as, 'bob@b.test'], epoch: 1, state: 'member' },
  ]);
});

test('[DEL-6] the state of a message follows its deliveries', async () => {
  await people.register('bob@b.test');
  const as = await createAlice();
  const { conversationId } = (await call('POST', '/conversations', { as, participants: ['bob@b.test'] })).body;
  await call('POST', '/messages', { as, conversationId, text: 'hello' });
  const states = [];
  for (const state of ['queued', 'delivered', 'failed'] as const) {
    people.world.deliveryState = state;
    states.push((await call('GET', `/messages?as=${as}&conversationId=${conversationId}`)).body[0].state);
  }
  expect(states).toEqual(['stored_own', 'stored', 'failed']);
});

test('[DEL-6] what a recipient did with a message stands beside its state, which stays', async () => {
  const bob = await people.register('bob@b.test');
  const as = await createAlice();
  const { conversationId } = (await call('POST', '/conversations', { as, participants: ['bob@b.test'] })).body;
  const { messageId } = (await call('POST', '/messages', { as, conversationId, text: 'hello' })).body;
  await bob.conversations.accept(conversationId);
  await asTimePasses(people, bob.conversations.markRead(conversationId, 1));
  const listed = () => call('GET', `/messages?as=${as}&conversationId=${conversationId}`);
  await expect.poll(async () => (await listed()).body).toMatchObject([{ messageId, state: 'stored', receipts: [{ userId: 'bob@b.test', state: 'read' }] }]);
  await bob.messages.send(conversationId, 'hi');
  expect(await asTimePasses(people, call('POST', '/messages/read', { as, conversationId }))).toMatchObject({ status: 200 });
  expect([...people.conversation(conversationId).read.values()]).toEqual([1, 2]);
  expect(await call('POST', '/messages/read', { as, conversationId, messageId: 'none' })).toMatchObject({ status: 404, body: { code: 'unknown_message' } });
});

test('a message that the own server does not take yet has an id and the state waiting', async () => {
  await people.register('bob@b.test');
  const as = await createAlice();
  const { conversationId } = (await call('POST', '/conversations', { as, participants: ['bob@b.test'] })).body;
  people.world.cutBefore.set('messages.send', 100);
  const sending = call('POST', '/messages', { as, conversationId, text: 'hello' });
  await expect.poll(() => people.clock.scheduled()).toBe(2);
  people.clock.advance(5_000);
  const { status, body } = await sending;
  expect(status).toBe(201);
  const listed = await call('GET', `/messages?as=${as}&conversationId=${conversationId}`);
  expect(listed.body).toEqual([{ messageId: body.messageId, senderId: as, text: 'hello', state: 'waiting', epoch: 1 }]);
});

test('[E2E-6] add, rotate, remove, accept, leave, safety number and reset answer 200, and epochs rise', async () => {
  const bob = await people.register('bob@b.test');
  await people.register('carol@c.test');
  const as = await createAlice();
  const { conversationId } = (await call('POST', '/conversations', { as, participants: ['bob@b.test'] })).body;
  expect(await call('POST', '/conversations/add', { as, conversationId, userId: 'carol@c.test' })).toMatchObject({ status: 200, body: {} });
  expect(await call('POST', '/conversations/rotate', { as, conversationId })).toMatchObject({ status: 200 });
  expect(await call('POST', '/conversations/remove', { as, conversationId, userId: 'carol@c.test' })).toMatchObject({ status: 200 });
  expect((await call('GET', `/conversations?as=${as}`)).body).toMatchObject([{ participants: [as, 'bob@b.test'], epoch: 4 }]);
  const other = (await bob.conversations.open([as, 'carol@c.test'])).conversationId;
  const stateOfOther = async () =>
    (await call('GET', `/conversations?as=${as}`)).body.find((one: { conversationId: string }) => one.conversationId === other).state;
  expect(await stateOfOther()).toBe('request');
  expect(await call('POST', '/conversations/accept', { as, conversationId: other })).toMatchObject({ status: 200 });
  expect(await stateOfOther()).toBe('member');
  expect(await call('POST', '/conversations/leave', { as, conversationId: other })).toMatchObject({ status: 200, body: {} });
  expect(await stateOfOther()).toBe('removed');
  const before = (await call('GET', `/safety-number?as=${as}&with=bob@b.test`)).body;
  expect(before).toEqual({ digits: expect.stringMatching(/^\d{60}$/) });
  expect(await call('POST', '/reset', { as })).toMatchObject({ status: 200 });
  expect((await call('GET', `/safety-number?as=${as}&with=bob@b.test`)).body).not.toEqual(before);
});

test('[ERR-1] what goes wrong is a problem document with status and code', async () => {
  const as = await createAlice();
  const refused = await call('POST', '/conversations', { as, participants: ['nobody@b.test'] });
  expect(refused).toMatchObject({ status: 404, type: 'application/problem+json' });
  expect(refused.body).toMatchObject({ type: 'urn:securechat:error:participant_unavailable', status: 404, reason: 'no_such_user' });
  const codes = [
    await call('POST', '/users', { username: 'alice', password: PASSWORD }),
    await call('POST', '/users', { username: 'alice' }),
    await call('GET', '/conversations?as=nobody@a.test'),
    await call('GET', '/conversations'),
    await call('POST', '/conversations/leave', { as, conversationId: 'c:a.test' }),
    await call('GET', '/nowhere'),
    await call('POST', '/health', {}),
    await call('POST', '/messages', { as, conversationId: 'c:a.test', text: 'x' }),
  ].map(({ status, body }) => [status, body.code]);
  expect(codes).toEqual([
    [409, 'username_taken'],
    [400, 'invalid_body'],
    [404, 'unknown_user'],
    [400, 'invalid_query'],
    [404, 'unknown_conversation'],
    [404, 'not_found'],
    [405, 'method_not_allowed'],
    [404, 'unknown_conversation'],
  ]);
});
