import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { domainOf, parseUserId } from '../../protocol/ids.ts';
import type { ConversationId, UserId } from '../../protocol/ids.ts';
import type { MessageStore } from '../domain/messages/message-store.ts';
import type { ChangeWrite, ConversationState, ConversationStore } from '../domain/ports.ts';
import type { AcknowledgementStore } from '../domain/receipts/acknowledgement-store.ts';
import { createPrismaAcknowledgementStore } from './acknowledgement-store.ts';
import { createPrismaConversationStore } from './conversation-store.ts';
import { createPostgresMessageStore } from './message-store.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, alice, applyChange, bob, carol, changeWrite, dave, found, insertMessage, local, messageDraft, newConversationId, start } from './testing-fixtures.ts';

let db: TestDatabase;
let conversations: ConversationStore;
let messages: MessageStore;
let acknowledgements: AcknowledgementStore;

beforeAll(async () => {
  db = await createTestDatabase();
  conversations = createPrismaConversationStore(db.database.prisma);
  acknowledgements = createPrismaAcknowledgementStore(db.database.prisma);
  messages = createPostgresMessageStore(db.database);
});
afterAll(() => db.stop());

const markRead = (conversationId: ConversationId, read: number) =>
  acknowledgements.acknowledge({ userId: dave, conversationId, delivered: null, read }, { localDomain: local, now: start });

/** Decides as a founding does: the first applies, whoever finds the conversation sees its state. */
function foundOnce(write: ChangeWrite) {
  return conversations.change<{ readonly epoch: number }>(
    { conversationId: write.conversationId, preferredOwner: write.ownerDomain, actor: write.initiatorId, contentHash: write.contentHash },
    ({ state, repeat }) => (repeat ? { kind: 'duplicate' } : state === null ? { kind: 'apply', write } : { kind: 'refuse', refusal: { epoch: state.epoch } }),
  );
}

describe('changing a conversation', () => {
  test('[API-6] of ten foundings of one id at once one applies and the others see its state', async () => {
    const conversationId = newConversationId();
    const decisions = await Promise.all(Array.from({ length: 10 }, () => foundOnce(changeWrite({ conversationId, participantsAfter: [alice, bob] }))));
    expect(decisions.filter(({ kind }) => kind === 'apply')).toHaveLength(1);
    expect(decisions.filter((decision) => decision.kind === 'refuse' && decision.refusal.epoch === 1)).toHaveLength(9);
  });

  test('[API-6] ten deliveries of one founding at once store one change, the others find the repeat', async () => {
    const write = changeWrite({ conversationId: newConversationId(), participantsAfter: [alice, bob] });
    const decisions = await Promise.all(Array.from({ length: 10 }, () => foundOnce(write)));
    expect(decisions.map(({ kind }) => kind).sort()).toEqual(['apply', ...Array.from({ length: 9 }, () => 'duplicate')]);
    expect((await conversations.historyFor(alice, write.conversationId))?.changes).toHaveLength(1);
  });

  test('[API-6] a repeat is known after later changes, other content is not', async () => {
    const write = changeWrite({ conversationId: newConversationId(), participantsAfter: [alice, bob] });
    await applyChange(conversations, write);
    await applyChange(conversations, changeWrite({ conversationId: write.conversationId, participantsAfter: [alice], epoch: 2, action: 'rotate_key' }));
    expect((await foundOnce(write)).kind).toBe('duplicate');
    expect((await foundOnce({ ...write, contentHash: 'other' })).kind).toBe('refuse');
  });

  test('[API-5] of two changes at once the second is shown what the first made', async () => {
    const conversationId = await found(conversations, alice, bob, carol);
    const rotate = (participantsAfter: readonly UserId[]) => {
      const write = changeWrite({ conversationId, participantsAfter, epoch: 2, action: 'rotate_key' });
      return conversations.change<number>({ conversationId, preferredOwner: write.ownerDomain, actor: alice, contentHash: write.contentHash }, ({ state }) =>
        state?.epoch === 1 ? { kind: 'apply', write } : { kind: 'refuse', refusal: state?.epoch ?? 0 });
    };
    const decisions = await Promise.all([rotate([alice, bob]), rotate([alice, carol])]);
    expect(decisions.map(({ kind }) => kind).sort()).toEqual(['apply', 'refuse']);
    expect((await conversations.findFor(alice, conversationId))?.epoch).toBe(2);
  });

  test('[API-5] nothing of a change that fails half way is stored', async () => {
    const conversationId = newConversationId();
    const key = { userId: alice, encryptedSessionKey: 'a' };
    const write = changeWrite({ conversationId, participantsAfter: [alice], sessionKeys: [key, key] });
    await expect(applyChange(conversations, write)).rejects.toThrow(/second time/);
    expect(await conversations.findFor(alice, conversationId)).toBeNull();
    expect((await applyChange(conversations, { ...write, sessionKeys: [key] })).kind).toBe('apply');
  });

  test('[API-5] a refused change and one whose judge throws store nothing', async () => {
    const conversationId = newConversationId();
    const find = { conversationId, preferredOwner: domainOf(alice), actor: alice, contentHash: 'x' };
    expect(await conversations.change<string>(find, () => ({ kind: 'refuse', refusal: 'no' }))).toEqual({ kind: 'refuse', refusal: 'no' });
    await expect(conversations.change(find, () => { throw new RangeError('judge'); })).rejects.toThrow(RangeError);
    expect(await conversations.findFor(alice, conversationId)).toBeNull();
  });

  test('[ERR-3] people are looked up within the change itself, known, gone and unknown ones at once', async () => {
    const [here, gone, nobody] = [parseUserId('here@a.test'), parseUserId('gone@a.test'), parseUserId('nobody@a.test')];
    const rest = { passwordHashing: '{}', authVerifier: 'v', publicIdentity: '{}', createdAt: start };
    await db.database.prisma.account.createMany({ data: [{ ...rest, userId: here }, { ...rest, userId: gone, deactivatedAt: start }] });
    const decision = await conversations.change<object>({ conversationId: newConversationId(), preferredOwner: null, actor: alice, contentHash: 'x' }, async ({ findStandings }) => ({
      kind: 'refuse',
      refusal: [await findStandings([here, gone, nobody]), await findStandings([])],
    }));
    expect(decision).toEqual({ kind: 'refuse', refusal: [new Map([[here, 'active'], [gone, 'gone'], [nobody, 'unknown']]), new Map()] });
  });

  test('[ERR-3] as many changes at once as there are connections do not wait for one another to look people up', async () => {
    const changes = Array.from({ length: 40 }, () =>
      conversations.change<string>({ conversationId: newConversationId(), preferredOwner: domainOf(alice), actor: alice, contentHash: 'x' }, async ({ findStandings }) => ({
        kind: 'refuse',
        refusal: String((await findStandings([dave])).get(dave)),
      })),
    );
    expect(new Set((await Promise.all(changes)).map((decision) => decision.kind === 'refuse' && decision.refusal))).toEqual(new Set(['unknown']));
  });

  test('[API-5] a change is shown when a rotation took out its actor, and nothing of who is a member, a stranger or was passed over', async () => {
    const erin = parseUserId('erin@b.test');
    const conversationId = await found(conversations, alice, bob, carol, erin);
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, bob, erin], epoch: 2, action: 'rotate_key' }));
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, bob], epoch: 3, action: 'add_participant' }));
    const seen: unknown[] = [];
    for (const actor of [alice, carol, dave, erin]) {
      await conversations.change<null>({ conversationId, preferredOwner: null, actor, contentHash: 'x' }, ({ state }) => {
        seen.push([state?.participants, state?.leftInEpoch, state?.actorRemovedAtEpoch]);
        return { kind: 'refuse', refusal: null };
      });
    }
    expect(seen).toEqual([null, 2, null, null].map((epoch) => [[alice, bob], [], epoch]));
  });

  test('[ID-3] one id under two owners is two conversations; the preferred owner comes first, then the one of the actor', async () => {
    const conversationId = newConversationId();
    for (const initiatorId of [carol, bob]) {
      await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [initiatorId, dave], ownerDomain: domainOf(initiatorId), initiatorId }));
    }
    const ownerSeen = async (preferredOwner: UserId, actor: UserId) => {
      let owner = '';
      await conversations.change<null>({ conversationId, preferredOwner: domainOf(preferredOwner), actor, contentHash: 'x' }, ({ state }) => {
        owner = state?.ownerDomain ?? '';
        return { kind: 'refuse', refusal: null };
      });
      return owner;
    };
    expect(await ownerSeen(bob, carol)).toBe('b.test');
    expect(await ownerSeen(alice, bob)).toBe('b.test');
    expect(await ownerSeen(alice, carol)).toBe('c.test');
    expect(await ownerSeen(alice, alice)).toBe('c.test');
    expect((await conversations.listFor(dave)).filter((summary) => summary.conversationId === conversationId)).toHaveLength(2);
  });

  test('[DEL-1] the deliveries of a change commit with it, before those of later messages', async () => {
    const conversationId = newConversationId();
    const deliveries = [bob, carol].map((user) => ({
      destination: domainOf(user), senderId: alice, method: 'POST' as const, target: '/federation/v1/conversations', body: '{}', fullOnly: false,
    }));
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, bob, carol], deliveries }));
    await insertMessage(messages, messageDraft(conversationId));
    const { key } = await db.database.prisma.conversation.findFirstOrThrow({ where: { id: conversationId } });
    const queued = await db.database.prisma.outboxItem.findMany({ where: { conversationKey: key }, orderBy: { id: 'asc' } });
    expect(queued.map((item) => [item.destination, item.position === null])).toEqual([['b.test', true], ['c.test', true], ['b.test', false], ['c.test', false]]);
  });
});

describe('leaving', () => {
  const stateSeen = async (conversationId: ConversationId) => {
    let seen: ConversationState | null = null;
    await conversations.change<null>({ conversationId, preferredOwner: domainOf(alice), actor: alice, contentHash: 'x' }, ({ state }) => {
      seen = state;
      return { kind: 'refuse', refusal: null };
    });
    return seen;
  };
  const leave = (conversationId: ConversationId, initiatorId: UserId, after: Pick<ChangeWrite, 'participantsAfter' | 'epoch'>) =>
    applyChange(conversations, changeWrite({ conversationId, initiatorId, ...after, action: 'leave', leaveSignature: 'signed' }));

  test('[API-4] who left in the present epoch is known until the next one or their return, who was removed is not', async () => {
    const conversationId = await found(conversations, alice, bob, carol, dave);
    await leave(conversationId, bob, { participantsAfter: [alice, carol, dave], epoch: 1 });
    expect(await stateSeen(conversationId)).toMatchObject({ epoch: 1, participants: [alice, carol, dave], leftInEpoch: [bob] });
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, dave], epoch: 2, action: 'rotate_key' }));
    expect(await stateSeen(conversationId)).toMatchObject({ participants: [alice, dave], leftInEpoch: [] });
    await leave(conversationId, dave, { participantsAfter: [alice], epoch: 2 });
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, dave], epoch: 2, action: 'add_participant' }));
    expect(await stateSeen(conversationId)).toMatchObject({ participants: [alice, dave], leftInEpoch: [] });
  });

  test('[E2E-6] the signature of a leave is in the history, up to the leave in that of who left', async () => {
    const conversationId = await found(conversations, alice, dave);
    await leave(conversationId, dave, { participantsAfter: [alice], epoch: 1 });
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice], epoch: 2, action: 'rotate_key' }));
    const signatures = async (userId: UserId) => (await conversations.historyFor(userId, conversationId))?.changes.map(({ action, leaveSignature }) => [action, leaveSignature]);
    expect(await signatures(dave)).toEqual([['create', null], ['leave', 'signed']]);
    expect(await signatures(alice)).toEqual([['create', null], ['leave', 'signed'], ['rotate_key', null]]);
    expect(await conversations.findFor(dave, conversationId)).toMatchObject({ standing: 'removed', epoch: 1, participants: [alice] });
  });

  test('[ID-3] of several conversations of one id the one that holds this very change comes first, then with no owner preferred the one of the actor', async () => {
    const conversationId = newConversationId();
    for (const [owner, contentHash] of [[carol, 'hers'], [bob, 'his']] as const) {
      await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [owner, dave], ownerDomain: domainOf(owner), initiatorId: owner, contentHash }));
    }
    const ownerSeen = async (preferredOwner: UserId | null, actor: UserId, contentHash: string) => {
      let seen = '';
      await conversations.change<null>({ conversationId, preferredOwner: preferredOwner === null ? null : domainOf(preferredOwner), actor, contentHash }, ({ state, repeat }) => {
        seen = `${state?.ownerDomain} ${repeat}`;
        return { kind: 'refuse', refusal: null };
      });
      return seen;
    };
    expect(await ownerSeen(carol, carol, 'his')).toBe('b.test true');
    expect(await ownerSeen(null, bob, 'new')).toBe('b.test false');
    expect(await ownerSeen(null, carol, 'new')).toBe('c.test false');
    expect(await ownerSeen(bob, carol, 'new')).toBe('b.test false');
  });
});

describe('what a user is told of a conversation', () => {
  test('the summary counts what is unread, and reading only moves forward', async () => {
    const id = await found(conversations, alice, dave);
    await insertMessage(messages, messageDraft(id), after(1));
    await insertMessage(messages, messageDraft(id), after(2));
    const own = messageDraft(id, { senderId: dave });
    await insertMessage(messages, own, after(3));
    expect(await conversations.findFor(dave, id)).toEqual({
      conversationId: id, ownerDomain: 'a.test', epoch: 1, participants: [alice, dave], standing: 'member', accepted: false,
      lastPosition: 3, lastReadPosition: 0, deliveredPosition: 0, acceptedBy: [], unreadCount: 2, createdAt: start,
      lastMessage: { conversationId: id, messageId: own.messageId, senderId: dave, payload: own.payload, timestamp: own.timestamp, position: 3, receivedAt: after(3) },
    });
    await markRead(id, 2);
    await markRead(id, 1);
    expect(await conversations.findFor(dave, id)).toMatchObject({ lastReadPosition: 2, deliveredPosition: 2, unreadCount: 0 });
    await markRead(id, 999);
    await insertMessage(messages, messageDraft(id));
    expect(await conversations.findFor(dave, id)).toMatchObject({ lastReadPosition: 3, unreadCount: 1 });
  });

  test('accepting is kept from the first time; strangers can neither read, accept nor see', async () => {
    const conversationId = newConversationId();
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, dave], acceptedBy: [alice] }));
    expect((await conversations.findFor(alice, conversationId))?.accepted).toBe(true);
    expect(await conversations.findFor(alice, conversationId)).toMatchObject({ acceptedBy: [alice] });
    await acknowledgements.accept(dave, conversationId, { localDomain: local, now: start });
    await acknowledgements.accept(dave, conversationId, { localDomain: local, now: after(1) });
    expect(await conversations.findFor(dave, conversationId)).toMatchObject({ accepted: true, acceptedBy: [alice, dave] });
    expect(await acknowledgements.accept(bob, conversationId, { localDomain: local, now: start })).toBeNull();
    expect(await conversations.historyFor(bob, conversationId)).toBeNull();
    expect(await conversations.findFor(bob, conversationId)).toBeNull();
  });

  test('conversations are listed with the last active first', async () => {
    const [first, second] = [await found(conversations, carol), await found(conversations, carol)];
    await insertMessage(messages, messageDraft(second, { senderId: carol }), after(10));
    await applyChange(conversations, changeWrite({ conversationId: second, participantsAfter: [carol, dave], epoch: 2, action: 'add_participant' }));
    const mine = (await conversations.listFor(carol)).map(({ conversationId }) => conversationId);
    expect(mine.filter((id) => id === first || id === second)).toEqual([second, first]);
  });

  test('[E2E-6] history runs from the join to the removal, keys are the reader’s own, a return starts anew', async () => {
    const conversationId = newConversationId();
    const change = (epoch: number, action: ChangeWrite['action'], ...participantsAfter: readonly UserId[]) =>
      applyChange(conversations, changeWrite({
        conversationId, participantsAfter, epoch, action, membership: { v: 1, epoch }, membershipSignature: `s${epoch}`,
        sessionKeys: participantsAfter.map((userId) => ({ userId, encryptedSessionKey: `${userId} ${epoch}` })),
      }));
    const seenBy = async (userId: UserId) => {
      const history = await conversations.historyFor(userId, conversationId);
      return { epochs: history?.changes.map(({ epoch }) => epoch), keys: history?.sessionKeys };
    };
    await change(1, 'create', alice);
    await change(2, 'add_participant', alice, dave);
    await insertMessage(messages, messageDraft(conversationId));
    await change(3, 'rotate_key', alice);
    await insertMessage(messages, messageDraft(conversationId));
    await change(4, 'rotate_key', alice);
    const key = (epoch: number) => ({ epoch, encryptedSessionKey: `${dave} ${epoch}` });
    expect(await seenBy(dave)).toEqual({ epochs: [2, 3], keys: [key(2)] });
    expect((await seenBy(alice)).epochs).toEqual([1, 2, 3, 4]);
    expect(await conversations.findFor(dave, conversationId)).toMatchObject({ standing: 'removed', epoch: 3, participants: [alice], lastPosition: 1, unreadCount: 1 });
    await change(5, 'add_participant', alice, dave);
    expect(await seenBy(dave)).toEqual({ epochs: [5], keys: [key(5)] });
    expect(await conversations.findFor(dave, conversationId)).toMatchObject({ standing: 'member', epoch: 5, lastPosition: 2, unreadCount: 0, lastMessage: null });
    const [, second] = (await conversations.historyFor(alice, conversationId))?.changes ?? [];
    expect(second).toMatchObject({ membership: { v: 1, epoch: 2 }, membershipSignature: 's2', allParticipants: [alice, dave], afterPosition: 0 });
  });
});
