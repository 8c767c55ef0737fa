import { TRPCError } from '@trpc/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConversationId, parseUserId } from '../../protocol/ids.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import { leaveSignature, newConversationId, wrappedKeyFor } from '../domain/testing/changes.ts';
import { newMessageId, payloadOf } from '../domain/testing/messages.ts';
import { alice, bob, carol, dave, local, peer, publicIdentityOf, registrationOf, strongHashing, vaultOf } from '../domain/testing/people.ts';
import { appRouter } from './app-router.ts';
import { arrangeServices } from './testing/arrange-services.ts';

type Arranged = Awaited<ReturnType<typeof arrangeServices>>;
type Person = Awaited<ReturnType<Arranged['signUp']>>;

const timestamp = parseTimestamp('2026-03-01T10:00:00.000Z');
const vault = { counter: 2, sealed: 'sealed', wrappedByPassword: 'p', wrappedByRecovery: 'r' };

let arranged: Arranged;
let asAlice: Person;
let asDave: Person;

beforeAll(async () => {
  arranged = await arrangeServices();
  asAlice = await arranged.signUp(alice);
  asDave = await arranged.signUp(dave);
});
afterAll(() => arranged.stores.stop());

/** What refuses a call: the tRPC code and the closed code behind it. */
async function refusalOf(call: Promise<unknown>): Promise<{ readonly code: string; readonly cause: unknown }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error;
    const { cause } = error;
    return { code: error.code, cause: cause !== undefined && 'code' in cause ? cause.code : null };
  }
  throw new Error('the call was not refused');
}

const change = (conversationId: ConversationId, participants = [alice, bob]) => ({
  conversationId,
  action: 'create' as const,
  epoch: 1,
  participantsToAdd: participants.map(wrappedKeyFor),
  allParticipants: participants,
  timestamp,
});
const outgoing = (conversationId: ConversationId) => ({ conversationId, messageId: newMessageId(), payload: payloadOf('hello'), timestamp });

async function aliceFounds(): Promise<ConversationId> {
  const conversationId = newConversationId(local);
  await asAlice.call.conversations.change(change(conversationId));
  return conversationId;
}

describe('who may call', () => {
  const open = new Set(['instance.info', 'account.passwordHashing', 'account.register']);
  const closed = Object.keys(appRouter._def.procedures).filter((path) => !open.has(path));

  test('every procedure but three needs a session', async () => {
    expect(closed).toHaveLength(20);
    const stranger: unknown = arranged.stranger();
    for (const path of closed) {
      const call = path.split('.').reduce<unknown>((caller, part) => (caller as Record<string, unknown>)[part], stranger) as (input: object) => Promise<unknown>;
      // What is asked does not matter: nobody's input is looked at before their session.
      expect([path, (await refusalOf(call({}))).code]).toEqual([path, 'UNAUTHORIZED']);
    }
  });

  test('everybody may read the instance and the parameters of a name', async () => {
    expect(await arranged.stranger().instance.info()).toEqual({ domain: local, signup: 'open' });
    expect(await arranged.stranger().account.passwordHashing({ username: 'alice' })).toEqual(strongHashing);
  });

  test('a mutation without the header of the client is refused, a query is not', async () => {
    const call = appRouter.createCaller(arranged.contextOf(asAlice.signedIn, { fromClient: false }));
    expect(await refusalOf(call.account.saveVault(vault))).toEqual({ code: 'FORBIDDEN', cause: null });
    expect(await refusalOf(call.conversations.change(change(newConversationId(local))))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await refusalOf(arranged.stranger({ fromClient: false }).account.register(input(parseUserId('mallory@a.test'))))).toMatchObject({ code: 'FORBIDDEN' });
    expect((await call.account.me()).userId).toBe(alice);
  });
});

/** What a browser sends to register. */
function input(userId: typeof alice) {
  const { username, passwordHashing, publicIdentity, authSecret } = registrationOf(userId);
  const identity = { ...publicIdentity, previous: [...publicIdentity.previous] };
  return { username, passwordHashing, authSecret: Buffer.from(authSecret).toString('base64'), publicIdentity: identity, vault: { ...vaultOf(1), counter: 1 as const } };
}

describe('accounts', () => {
  test('a person registers once', async () => {
    const userId = parseUserId('grace@a.test');
    expect(await arranged.stranger().account.register(input(userId))).toEqual({ userId });
    expect(await refusalOf(arranged.stranger().account.register(input(userId)))).toEqual({ code: 'CONFLICT', cause: 'username_taken' });
  });

  test.each([
    ['a username with capitals', { username: 'Grace' }],
    ['a short secret', { authSecret: 'AAAA' }],
    ['a vault that is not the first', { vault }],
    ['a vault that no database keeps', { vault: { ...vaultOf(1), sealed: 'nul \0' } }],
    ['an identity without all members', { publicIdentity: { publicKey: publicIdentityOf(alice).publicKey } }],
  ])('%s is a bad request', async (_what, fault) => {
    const mixed = { ...input(parseUserId('heidi@a.test')), ...fault } as ReturnType<typeof input>;
    expect(await refusalOf(arranged.stranger().account.register(mixed))).toMatchObject({ code: 'BAD_REQUEST' });
  });

  test('a vault is read, saved by the next counter, and refused by any other', async () => {
    const { call } = await arranged.signUp(parseUserId('ivan@a.test'));
    expect(await call.account.vault()).toEqual(vaultOf(1));
    expect(await call.account.saveVault(vault)).toEqual({ saved: true });
    expect(await refusalOf(call.account.saveVault(vault))).toEqual({ code: 'CONFLICT', cause: 'vault_changed' });
    expect(await refusalOf(call.account.saveVault({ ...vault, counter: 2 ** 31 }))).toMatchObject({ code: 'BAD_REQUEST' });
  });

  test('an identity is reset for oneself only', async () => {
    const userId = parseUserId('judy@a.test');
    const { call } = await arranged.signUp(userId);
    const of = (whom: typeof alice) => ({ ...publicIdentityOf(whom, 2), previous: [] });
    expect(await refusalOf(call.account.resetIdentity({ publicIdentity: of(alice), vault }))).toEqual({ code: 'BAD_REQUEST', cause: 'identity_invalid' });
    await call.account.resetIdentity({ publicIdentity: of(userId), vault });
    expect((await call.account.me()).publicIdentity.keyVersion).toBe(2);
  });

  test("sessions are listed and revoked, another's never", async () => {
    const { call, signedIn } = await arranged.signUp(parseUserId('kim@a.test'));
    expect(await call.account.sessions()).toMatchObject([{ id: signedIn.sessionId, label: 'Firefox · Linux', current: true }]);
    expect(await refusalOf(asAlice.call.account.revokeSession({ sessionId: signedIn.sessionId }))).toEqual({ code: 'NOT_FOUND', cause: 'unknown_session' });
    await call.account.revokeSession({ sessionId: signedIn.sessionId });
    expect(await call.account.sessions()).toEqual([]);
    expect(await refusalOf(call.account.revokeSession({ sessionId: 'nul \0' }))).toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('contacts', () => {
  test('people are looked up here and elsewhere', async () => {
    expect(await asAlice.call.contacts.lookup({ userId: dave })).toEqual({ kind: 'found', identity: publicIdentityOf(dave) });
    expect(await asAlice.call.contacts.lookup({ userId: bob })).toEqual({ kind: 'server_silent', domain: peer });
  });
});

describe('a conversation of others is as unknown as a missing one', () => {
  const missing = parseConversationId('missing:a.test');

  test.each<[string, (id: ConversationId) => Promise<unknown>]>([
    ['conversations.get', (conversationId) => asDave.call.conversations.get({ conversationId })],
    ['conversations.acknowledge', (conversationId) => asDave.call.conversations.acknowledge({ conversationId, read: 1 })],
    ['conversations.typing', (conversationId) => asDave.call.conversations.typing({ conversationId })],
    ['conversations.accept', (conversationId) => asDave.call.conversations.accept({ conversationId })],
    ['conversations.change', (id) => asDave.call.conversations.change({ ...change(id, [dave, alice, bob]), action: 'rotate_key', epoch: 2 })],
    ['messages.list', (conversationId) => asDave.call.messages.list({ conversationId, limit: 10 })],
    ['messages.send', (conversationId) => asDave.call.messages.send(outgoing(conversationId))],
  ])('%s', async (_path, call) => {
    const unknown = { code: 'NOT_FOUND', cause: 'unknown_conversation' };
    expect(await refusalOf(call(missing))).toEqual(unknown);
    expect(await refusalOf(call(await aliceFounds()))).toEqual(unknown);
  });

  test('conversations.list', async () => {
    const conversationId = await aliceFounds();
    expect((await asDave.call.conversations.list()).map((listed) => listed.conversationId)).not.toContain(conversationId);
    expect((await asAlice.call.conversations.list()).map((listed) => listed.conversationId)).toContain(conversationId);
  });

  test("messages.retry: another's message is not found, nor is one that has not failed", async () => {
    const conversationId = await aliceFounds();
    const { message } = await asAlice.call.messages.send(outgoing(conversationId));
    const failed = { messageId: message.messageId, domain: peer };
    expect(await refusalOf(asAlice.call.messages.retry(failed))).toEqual({ code: 'NOT_FOUND', cause: 'not_found' });
    const { key } = await arranged.stores.prisma.conversation.findFirstOrThrow({ where: { id: conversationId } });
    await arranged.stores.prisma.outboxItem.updateMany({ where: { conversationKey: key, position: message.position }, data: { state: 'failed' } });
    expect(await refusalOf(asDave.call.messages.retry(failed))).toEqual({ code: 'NOT_FOUND', cause: 'not_found' });
    expect(await asAlice.call.messages.retry(failed)).toMatchObject({ ...failed, state: 'queued' });
  });
});

describe('conversations and messages of their own', () => {
  test('a conversation is founded, read, accepted and marked', async () => {
    const conversationId = newConversationId(local);
    expect(await asAlice.call.conversations.change(change(conversationId, [alice, dave, bob]))).toEqual({ status: 'created' });
    const { summary, changes, sessionKeys } = await asDave.call.conversations.get({ conversationId });
    expect(summary).toMatchObject({ conversationId, epoch: 1, standing: 'member', accepted: false, unreadCount: 0 });
    expect(changes).toMatchObject([{ epoch: 1, action: 'create', initiatorId: alice }]);
    expect(sessionKeys).toEqual([{ epoch: 1, encryptedSessionKey: wrappedKeyFor(dave).encryptedSessionKey }]);
    await asDave.call.conversations.accept({ conversationId });
    await asAlice.call.messages.send(outgoing(conversationId));
    expect((await asDave.call.conversations.get({ conversationId })).summary).toMatchObject({ accepted: true, unreadCount: 1 });
    await asDave.call.conversations.acknowledge({ conversationId, read: 1 });
    expect((await asDave.call.conversations.get({ conversationId })).summary).toMatchObject({ unreadCount: 0, lastReadPosition: 1, deliveredPosition: 1 });
  });

  test('[DEL-6] what others did with a message is shown to its author, unless they give no receipts themselves', async () => {
    const conversationId = newConversationId(local);
    await asAlice.call.conversations.change(change(conversationId, [alice, dave, bob]));
    const { message } = await asAlice.call.messages.send(outgoing(conversationId));
    const messageIds = [message.messageId];
    await asDave.call.conversations.accept({ conversationId });
    arranged.notifier.told.length = 0;
    await asDave.call.conversations.acknowledge({ conversationId, delivered: 1 });
    const receipt = { conversationId, userId: dave, messageIds, state: 'on_device' };
    expect(arranged.notifier.told).toEqual([{ userIds: [alice], event: { kind: 'receipt', ...receipt } }]);
    expect((await asAlice.call.messages.list({ conversationId, limit: 10 })).receipts).toEqual([receipt]);
    expect(await asAlice.call.messages.receipts({ messageIds })).toMatchObject([{ messageId: message.messageId, userId: dave, readAt: null }]);
    expect(await asDave.call.messages.receipts({ messageIds })).toEqual([]);
    expect(await asAlice.call.account.privacy()).toEqual({ receipts: true, typing: true });
    await asAlice.call.account.setPrivacy({ receipts: false, typing: true });
    expect((await asAlice.call.messages.list({ conversationId, limit: 10 })).receipts).toEqual([]);
    expect(await asAlice.call.messages.receipts({ messageIds })).toEqual([]);
    await asAlice.call.account.setPrivacy({ receipts: true, typing: true });
  });

  test('[API-8] whoever takes a chat up and writes is heard by the others here, and writes to the other domains', async () => {
    const conversationId = newConversationId(local);
    await asAlice.call.conversations.change(change(conversationId, [alice, dave, bob]));
    arranged.notifier.told.length = 0;
    await asDave.call.conversations.accept({ conversationId });
    await asDave.call.conversations.typing({ conversationId });
    expect(arranged.notifier.told.map(({ userIds, event }) => [userIds, event.kind])).toEqual([[[alice], 'accepted'], [[alice], 'typing']]);
    expect(arranged.sentEvents.at(-1)).toMatchObject({ domain: peer, events: [{ type: 'typing', conversationId, userId: dave }] });
    expect((await arranged.stores.outgoingReceipts.listDue(peer, 10)).map(({ event }) => event)).toContainEqual(expect.objectContaining({ type: 'accepted', conversationId, userId: dave }));
  });

  test('a message is sent once and its deliveries are shown to its author alone', async () => {
    const conversationId = newConversationId(local);
    await asAlice.call.conversations.change(change(conversationId, [alice, dave, bob]));
    const sent = outgoing(conversationId);
    const { message, deliveries } = await asAlice.call.messages.send(sent);
    expect(message).toMatchObject({ messageId: sent.messageId, senderId: alice, position: 1 });
    expect(deliveries).toMatchObject([{ domain: peer, state: 'queued' }]);
    expect((await asAlice.call.messages.send(sent)).message).toEqual(message);
    expect(await asAlice.call.messages.list({ conversationId, limit: 10 })).toMatchObject({ messages: [message], deliveries });
    expect(await asDave.call.messages.list({ conversationId, limit: 10 })).toMatchObject({ messages: [message], deliveries: [] });
  });

  const leaveOf = (conversationId: ConversationId) => ({ ...change(conversationId, [alice, dave, bob]), action: 'leave' as const, participantsToAdd: [], leaveSignature });

  test('[E2E-6] a conversation is left, and the leave stands signed in the history of those who stay', async () => {
    const conversationId = newConversationId(local);
    await asAlice.call.conversations.change(change(conversationId, [alice, dave, bob]));
    expect(await asDave.call.conversations.change(leaveOf(conversationId))).toEqual({ status: 'updated' });
    expect((await asDave.call.conversations.get({ conversationId })).summary).toMatchObject({ standing: 'removed', participants: [alice, bob] });
    const { summary, changes } = await asAlice.call.conversations.get({ conversationId });
    expect(summary).toMatchObject({ epoch: 1, participants: [alice, bob] });
    expect(changes.at(-1)).toMatchObject({ action: 'leave', initiatorId: dave, leaveSignature, timestamp });
    expect((await refusalOf(asDave.call.messages.send(outgoing(conversationId)))).cause).toBe('not_a_member');
  });

  test.each<[string, object, string]>([
    ['without its signature', { leaveSignature: undefined }, 'BAD_REQUEST'],
    ['with a signature of another length', { leaveSignature: 'AAAA' }, 'BAD_REQUEST'],
    ['with a key for somebody', { participantsToAdd: [wrappedKeyFor(alice)] }, 'BAD_REQUEST'],
    ['of another epoch', { epoch: 2 }, 'CONFLICT'],
  ])('[API-3] a leave %s is refused', async (_what, fault, code) => {
    const conversationId = newConversationId(local);
    await asAlice.call.conversations.change(change(conversationId, [alice, dave, bob]));
    const { leaveSignature: signed, ...rest } = { ...leaveOf(conversationId), ...fault };
    const asked = { ...rest, ...(signed === undefined ? {} : { leaveSignature: signed }) };
    expect((await refusalOf(asDave.call.conversations.change(asked))).code).toBe(code);
    expect(await arranged.stores.rowsOf(conversationId)).toMatchObject({ changes: 1 });
  });

  test.each<[string, object, string]>([
    ['a create of an epoch other than the first', { epoch: 2 }, 'invalid_body'],
    ['an id without an owner', { conversationId: newConversationId() }, 'invalid_body'],
    ['an id of another owner', { conversationId: newConversationId(peer) }, 'conversation_owner_mismatch'],
    ['members without the initiator', { allParticipants: [dave, bob], participantsToAdd: [] }, 'invalid_body'],
    ['a key for somebody who is no member', { participantsToAdd: [alice, bob, carol].map(wrappedKeyFor) }, 'invalid_body'],
    ['a member without a key', { participantsToAdd: [wrappedKeyFor(alice)] }, 'invalid_body'],
    ['a statement about another epoch', { membership: { epoch: 2 } }, 'invalid_body'],
    ['a member whom nobody here knows', { allParticipants: [alice, 'nobody@a.test'], participantsToAdd: [alice, parseUserId('nobody@a.test')].map(wrappedKeyFor) }, 'unknown_user'],
  ])('[API-3] %s is refused', async (_what, fault, code) => {
    const faulty = { ...change(newConversationId(local)), ...fault } as ReturnType<typeof change>;
    expect((await refusalOf(asAlice.call.conversations.change(faulty))).cause).toBe(code);
    expect(await arranged.stores.rowsOf(faulty.conversationId)).toMatchObject({ conversation: [] });
  });

  test('[API-3] nobody changes a conversation in the name of another', async () => {
    const forged = { ...change(newConversationId(local), [dave, bob]), initiatorId: dave };
    expect((await refusalOf(asAlice.call.conversations.change(forged))).cause).toBe('invalid_body');
  });
});
