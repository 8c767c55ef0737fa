import * as z from 'zod';
import { changeFields } from '../../../protocol/schemas/change-fields.ts';
import { encryptedPayload } from '../../../protocol/schemas/encrypted-payload.ts';
import { conversationIdField, messageIdField, timestampField, userIdField } from '../../../protocol/schemas/fields.ts';
import { publicKeyAnswer } from '../../../protocol/schemas/public-key-answer.ts';
import type { UserId } from '../../../protocol/ids.ts';
import type { WireDelivery, WireMessage } from '../../../server/realtime/events.ts';
import type { ConversationDetails, ConversationWire } from '../../trpc/wire.ts';
import { acknowledge, datedReceipts, privacyOf, receiptsOf, tellOthers } from './fake-receipts.ts';
import { domainIn, emitTo } from './fake-world.ts';
import type { FakeAccount, FakeConversation, FakeWorld } from './fake-world.ts';

/** What a procedure of the fake refuses with. */
export class FakeRefusal extends Error {
  override readonly name = 'FakeRefusal';
  readonly code: string;
  readonly httpStatus: number;

  constructor(code: string, httpStatus: number) {
    super(code);
    this.code = code;
    this.httpStatus = httpStatus;
  }
}

/** Who calls, and at which domain. */
export interface FakeCaller {
  readonly domain: string;
  readonly userId: UserId | null;
}

const vault = z.object({ counter: z.int(), sealed: z.string(), wrappedByPassword: z.string(), wrappedByRecovery: z.string() });
const passwordHashing = z.object({
  algorithm: z.literal('argon2id'),
  salt: z.string(),
  memoryKiB: z.int(),
  iterations: z.int(),
  parallelism: z.int(),
});
const registration = z.object({ username: z.string(), passwordHashing, authSecret: z.string(), publicIdentity: publicKeyAnswer, vault });
const { initiatorId: _ofSession, ...stated } = changeFields;
const change = z.object({ ...stated, epoch: z.int(), action: z.enum(['create', 'add_participant', 'rotate_key', 'leave']), leaveSignature: z.string().optional() });
const inConversation = z.object({ conversationId: conversationIdField });
const newMessage = inConversation.extend({ messageId: messageIdField, payload: encryptedPayload, timestamp: timestampField });
const marks = inConversation.extend({ delivered: z.int().optional(), read: z.int().optional() });
const privacy = z.object({ receipts: z.boolean(), typing: z.boolean() });
const page = inConversation.extend({ after: z.int().optional(), before: z.int().optional(), limit: z.int().max(200) });

type Procedure = (world: FakeWorld, caller: FakeCaller, input: unknown) => unknown;

/** The procedures of a server that keeps what it is given and checks next to nothing. */
export const fakeProcedures: ReadonlyMap<string, Procedure> = new Map<string, Procedure>([
  ['instance.info', (_world, { domain }) => ({ domain, signup: 'open' })],
  ['account.passwordHashing', (world, { domain }, input) => accountNamed(world, domain, input)?.passwordHashing ?? decoy],
  ['account.register', register],
  ['account.me', (world, caller) => ({ ...me(world, caller), sessionId: 's', domain: caller.domain })],
  ['account.vault', (world, caller) => me(world, caller).vault],
  ['account.saveVault', (world, caller, input) => saveVault(me(world, caller), vault.parse(input))],
  [
    'account.resetIdentity',
    (world, caller, input) => {
      const parsed = z.object({ publicIdentity: publicKeyAnswer, vault }).parse(input);
      const account = me(world, caller);
      saveVault(account, parsed.vault);
      account.publicIdentity = parsed.publicIdentity;
      return {};
    },
  ],
  ['contacts.lookup', (world, _caller, input) => lookup(world, z.object({ userId: userIdField }).parse(input).userId)],
  ['conversations.list', (world, caller) => conversationsOf(world, me(world, caller).userId).map((one) => summary(one, me(world, caller).userId))],
  ['conversations.get', (world, caller, input) => details(conversation(world, caller, input), me(world, caller).userId)],
  ['conversations.change', (world, caller, input) => applyChange(world, me(world, caller).userId, change.parse(input))],
  ['conversations.acknowledge', (world, caller, input) => acknowledge(world, conversation(world, caller, input), { userId: me(world, caller).userId, ...marks.parse(input) })],
  ['conversations.typing', (world, caller, input) => {
    const { userId } = me(world, caller);
    const one = conversation(world, caller, input);
    return one.accepted.has(userId) ? tellOthers(world, one, { userId, name: 'conversation:typing' }) : {};
  }],
  [
    'conversations.accept',
    (world, caller, input) => {
      const { userId } = me(world, caller);
      const one = conversation(world, caller, input);
      one.accepted.add(userId);
      tellOthers(world, one, { userId, name: 'conversation:accepted' });
      return acknowledge(world, one, { userId });
    },
  ],
  ['account.privacy', (world, caller) => privacyOf(me(world, caller))],
  ['account.setPrivacy', (world, caller, input) => Object.assign(me(world, caller), { privacy: privacy.parse(input) }).privacy],
  ['messages.receipts', (world, caller, input) => datedReceipts(world, me(world, caller), z.object({ messageIds: z.array(messageIdField) }).parse(input).messageIds)],
  ['messages.send', (world, caller, input) => store(world, me(world, caller).userId, newMessage.parse(input))],
  ['messages.list', (world, caller, input) => list(world, conversation(world, caller, input), { ...page.parse(input), userId: me(world, caller).userId })],
]);

const decoy = { algorithm: 'argon2id', salt: 'AAAAAAAAAAAAAAAAAAAAAA==', memoryKiB: 65_536, iterations: 3, parallelism: 1 };

function me(world: FakeWorld, { userId }: FakeCaller): FakeAccount {
  const account = userId === null ? undefined : world.accounts.get(userId);
  if (account === undefined) throw new FakeRefusal('unauthorized', 401);
  return account;
}

function accountNamed(world: FakeWorld, domain: string, input: unknown): FakeAccount | undefined {
  const { username } = z.object({ username: z.string() }).parse(input);
  return [...world.accounts.values()].find(({ userId }) => userId === `${username}@${domain}`);
}

function register(world: FakeWorld, { domain }: FakeCaller, input: unknown): unknown {
  const { username, ...rest } = registration.parse(input);
  const userId = userIdField.parse(`${username}@${domain}`);
  if (world.accounts.has(userId)) throw new FakeRefusal('username_taken', 409);
  world.accounts.set(userId, { userId, ...rest });
  return { userId };
}

function saveVault(account: FakeAccount, saved: FakeAccount['vault']): unknown {
  if (saved.counter !== account.vault.counter + 1) throw new FakeRefusal('vault_changed', 409);
  account.vault = saved;
  return { saved: true };
}

function lookup(world: FakeWorld, userId: UserId): unknown {
  const domain = domainIn(userId);
  if (world.silent.has(domain)) return { kind: 'server_silent', domain };
  const account = world.accounts.get(userId);
  return account === undefined ? { kind: 'no_such_user', domain } : { kind: 'found', identity: account.publicIdentity };
}

function conversationsOf(world: FakeWorld, userId: UserId): readonly FakeConversation[] {
  return [...world.conversations.values()].filter((one) => one.participants.includes(userId) || one.removedAt.has(userId));
}

function conversation(world: FakeWorld, caller: FakeCaller, input: unknown): FakeConversation {
  const { conversationId } = inConversation.loose().parse(input);
  const found = conversationsOf(world, me(world, caller).userId).find((one) => one.conversationId === conversationId);
  if (found === undefined) throw new FakeRefusal('unknown_conversation', 404);
  return found;
}

function visible(one: FakeConversation, userId: UserId): readonly WireMessage[] {
  const bound = one.participants.includes(userId) ? Infinity : (one.removedAt.get(userId) ?? 0);
  return one.messages.filter(({ position }) => position <= bound);
}

function summary(one: FakeConversation, userId: UserId): ConversationWire {
  const messages = visible(one, userId);
  return {
    conversationId: one.conversationId,
    ownerDomain: domainIn(one.conversationId) as ConversationWire['ownerDomain'],
    epoch: one.epoch,
    participants: one.participants,
    standing: one.participants.includes(userId) ? 'member' : 'removed',
    accepted: one.accepted.has(userId),
    lastPosition: messages.at(-1)?.position ?? 0,
    lastReadPosition: one.read.get(userId) ?? 0,
    deliveredPosition: Math.max(one.delivered.get(userId) ?? 0, one.read.get(userId) ?? 0),
    acceptedBy: one.participants.filter((each) => one.accepted.has(each)),
    lastMessage: messages.at(-1) ?? null,
    unreadCount: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

function details(one: FakeConversation, userId: UserId): ConversationDetails {
  const sessionKeys = [...one.sessionKeys].flatMap(([epoch, keys]) => {
    const encryptedSessionKey = keys.get(userId);
    return encryptedSessionKey === undefined ? [] : [{ epoch, encryptedSessionKey }];
  });
  return { summary: summary(one, userId), changes: changesFor(one, userId), sessionKeys };
}

/** Whoever is out sees the changes up to the one that took them out. */
function changesFor({ changes, participants }: FakeConversation, userId: UserId): ConversationDetails['changes'] {
  if (participants.includes(userId)) return changes;
  const last = changes.findLastIndex(({ allParticipants }) => allParticipants.includes(userId));
  return changes.slice(0, last + 2);
}

function applyChange(world: FakeWorld, initiatorId: UserId, body: z.infer<typeof change>): unknown {
  const { conversationId, action, epoch, participantsToAdd, timestamp } = body;
  const before = world.conversations.get(conversationId);
  if (epoch !== (before?.epoch ?? 0) + (action === 'leave' ? 0 : 1)) throw new FakeRefusal('stale_epoch', 409);
  if (before !== undefined && passesOverLeave(before, body)) throw new FakeRefusal('stale_epoch', 409);
  const allParticipants = membersAfter(before?.participants ?? [], initiatorId, body);
  const one: FakeConversation = before ?? {
    conversationId,
    participants: [],
    epoch: 0,
    changes: [],
    sessionKeys: new Map(),
    messages: [],
    accepted: new Set([initiatorId]),
    delivered: new Map(),
    read: new Map(),
    removedAt: new Map(),
  };
  const afterPosition = one.messages.length;
  for (const userId of one.participants) if (!allParticipants.includes(userId)) one.removedAt.set(userId, afterPosition);
  const told = new Set([...one.participants, ...allParticipants]);
  one.participants = allParticipants;
  one.epoch = epoch;
  if (action !== 'leave') one.sessionKeys.set(epoch, new Map(participantsToAdd.map(({ userId, encryptedSessionKey }) => [userId, encryptedSessionKey])));
  const { membership = null, membershipSignature = null, leaveSignature = null } = body;
  one.changes.push({ epoch, action, initiatorId, allParticipants, membership, membershipSignature, leaveSignature, timestamp, afterPosition });
  world.conversations.set(conversationId, one);
  emitTo(world, [...told], (events) => events[action === 'create' ? 'conversation:new' : 'conversation:membership']({ conversationId, epoch }));
  return { status: action === 'create' ? 'created' : 'updated' };
}

/** A rotation names nobody new, an addition everybody who is in [API-3] [API-4]. */
function membersAfter(before: readonly UserId[], initiatorId: UserId, { action, allParticipants }: z.infer<typeof change>): readonly UserId[] {
  if (action !== 'create' && !before.includes(initiatorId)) throw new FakeRefusal('not_a_member', 403);
  if (action === 'leave') return before.filter((userId) => userId !== initiatorId);
  const [subset, superset] = action === 'rotate_key' ? [allParticipants, before] : [before, allParticipants];
  if (!subset.every((userId) => superset.includes(userId))) throw new FakeRefusal('invalid_body', 400);
  return allParticipants;
}

/** An addition is not the first statement without somebody who left [E2E-6]. */
function passesOverLeave({ epoch: present, changes }: FakeConversation, { action, allParticipants }: z.infer<typeof change>): boolean {
  const leavers = changes.filter((one) => one.action === 'leave' && one.epoch === present).map(({ initiatorId }) => initiatorId);
  return action === 'add_participant' && !leavers.every((userId) => allParticipants.includes(userId));
}

function store(world: FakeWorld, senderId: UserId, body: z.infer<typeof newMessage>): unknown {
  const one = world.conversations.get(body.conversationId);
  if (one === undefined || !one.participants.includes(senderId)) throw new FakeRefusal('not_a_member', 403);
  const repeated = one.messages.find(({ messageId }) => messageId === body.messageId);
  const position = one.messages.length + 1;
  const message: WireMessage = repeated ?? { ...body, senderId, position, receivedAt: body.timestamp };
  if (repeated === undefined) {
    one.messages.push(message);
    emitTo(world, one.participants, (events) => events['message:new'](message));
  }
  return { message, deliveries: deliveriesOf(world, one, message) };
}

function deliveriesOf(world: FakeWorld, one: FakeConversation, message: WireMessage): readonly WireDelivery[] {
  const domains = new Set(one.participants.map(domainIn).filter((domain) => domain !== domainIn(message.senderId)));
  return [...domains].map((domain) => ({
    conversationId: one.conversationId,
    messageId: message.messageId,
    domain: domain as WireDelivery['domain'],
    state: world.deliveryState,
    attempts: 1,
    errorCode: null,
    nextAttemptAt: null,
  }));
}

function list(world: FakeWorld, one: FakeConversation, range: z.infer<typeof page> & { readonly userId: UserId }): unknown {
  const { after, before, limit, userId } = range;
  const within = visible(one, userId).filter(({ position }) => position > (after ?? 0) && position < (before ?? Infinity));
  const messages = after === undefined ? within.slice(-limit) : within.slice(0, limit);
  const own = messages.filter(({ senderId }) => senderId === userId);
  const author = world.accounts.get(userId);
  const receipts = author === undefined ? [] : receiptsOf(world, one, { author, messages: own });
  return { messages, deliveries: own.flatMap((message) => deliveriesOf(world, one, message)), receipts };
}
