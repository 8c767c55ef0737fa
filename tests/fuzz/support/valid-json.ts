import type { JsonObject, JsonValue } from '../../../protocol/json.ts';
import type { Random } from './random.ts';
import { makeBase64, makeConversationId, makeCoreMessageId, makeDomain, makeMessageId, makeTimestamp, makeUserId } from './valid-texts.ts';

const STRINGS: readonly string[] = ['', 'a', 'é', '😀', '\u2028', '\u007f', '"', '\\', '/', '\n', '__proto__', 'constructor', 'toString', 'length', '0', '-1', '\ufeff', '\uffff'];
const NAMES: readonly string[] = STRINGS.filter((text) => !/["\\\n]/.test(text));
const NUMBERS: readonly number[] = [0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 2 ** 31, 1e100, 123456789.123];
/** Numbers and strings that readers disagree about, as they stand in a text. */
const ODD_TOKENS: readonly string[] = [
  '1e400', '-1e400', '9007199254740993', '9007199254740992', '9007199254740991', '1000.0', '1e3', '-0', '01', '1.', '.5', '+1', 'NaN', 'Infinity', '1E+2',
  '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\ud83d\\ude00"', '"\\x41"', '"\\/"', 'nul', 'True', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[1,]', "'a'", '/**/1',
];
const MAX_DEPTH = 16;

/** Makes any value, now and then one that is nested about as deep as is allowed. */
export function makeJson(random: Random, depth = 0): JsonValue {
  if (depth === 0 && random.once(60)) return nest(random, makeJson(random, 1), MAX_DEPTH - 3 + random.below(6));
  const most = depth < 3 ? 4 : 2;
  switch (random.below(8)) {
    case 0:
      return random.pick([null, true, false]);
    case 1:
      return random.once(2) ? random.pick(NUMBERS) : random.below(2 ** 31) / 1000;
    case 2:
    case 3:
    case 4:
      return random.pick(STRINGS) + (random.once(3) ? random.pick(STRINGS) : '');
    case 5:
      return Array.from({ length: random.below(most) }, () => makeJson(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(most + 1) }, () => [random.pick(random.once(30) ? STRINGS : NAMES), makeJson(random, depth + 1)]),
      );
  }
}

function nest(random: Random, value: JsonValue, depth: number): JsonValue {
  return depth === 0 ? value : nest(random, random.once(2) ? [value] : { [random.pick(NAMES)]: value }, depth - 1);
}

function someMembers(random: Random, members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(() => random.once(2)));
}

function makeMessage(random: Random): JsonObject {
  const payload = { nonce: makeBase64(random, 12), ciphertext: makeBase64(random, 1 + random.below(60)), authTag: makeBase64(random, 16), associatedData: makeObject(random) };
  return {
    conversationId: makeConversationId(random),
    senderId: makeUserId(random),
    recipientServerDomain: makeDomain(random),
    payload: { ...payload, ...someMembers(random, { signature: makeBase64(random, 64), unknown: makeJson(random) }) },
    timestamp: makeTime(random),
    ...someMembers(random, { messageId: makeMessageId(random), unknown: makeJson(random) }),
  };
}

function makeChange(random: Random): JsonObject {
  const members = [...new Set(Array.from({ length: 1 + random.below(4) }, () => makeUserId(random)))];
  const conversationId = makeConversationId(random);
  const epoch = random.once(3) ? 1 + random.below(9) : 1;
  const added = random.once(4) ? [] : members.slice(1);
  const membership = { conversationId, epoch, participants: members.toReversed().map((userId) => ({ userId })), more: makeJson(random) };
  const full = { epoch, ...someMembers(random, { membership, membershipSignature: makeBase64(random, 64) }) };
  return {
    conversationId,
    action: random.pick(['create', 'add_participant', 'leave', 'create']),
    initiatorId: members[0] ?? '',
    participantsToAdd: added.map((userId) => ({ userId, encryptedSessionKey: makeBase64(random, 1 + random.below(105)) })),
    allParticipants: members,
    timestamp: makeTime(random),
    ...(random.once(2) ? full : {}),
  };
}

function makeStatement(random: Random): JsonObject {
  const members = [...new Set(Array.from({ length: 1 + random.below(4) }, () => makeUserId(random)))];
  const epoch = random.once(2) ? 1 : 2 + random.below(9);
  return {
    v: 1,
    conversationId: makeConversationId(random),
    epoch,
    prev: epoch === 1 ? null : makeCoreMessageId(random),
    action: epoch === 1 ? 'create' : random.pick(['add_participant', 'rotate_key']),
    actor: members[0] ?? '',
    participants: members.map((userId, index) => ({ userId, role: index === 0 ? 'owner' : random.pick(['admin', 'member']), signingKey: makeBase64(random, 32) })),
    keyCommitment: makeBase64(random, 32),
    timestamp: makeTime(random),
    ...(random.once(3) ? { more: makeJson(random) } : {}),
  };
}

function makeEvents(random: Random): JsonObject {
  const event = (): JsonObject => {
    const id = (): string => (random.once(4) ? makeCoreMessageId(random) : makeMessageId(random));
    const common = { conversationId: makeConversationId(random), userId: makeUserId(random), timestamp: makeTime(random) };
    return random.pick([
      { type: 'typing', ...common },
      { type: 'delivered', ...common, messageIds: [...new Set(Array.from({ length: 1 + random.below(4) }, id))] },
      { type: 'read', ...common, upTo: id() },
      { type: 'accepted', ...common },
    ]);
  };
  return { events: Array.from({ length: random.below(4) }, event) };
}

function makeBatch(random: Random): JsonObject {
  const item = (): JsonObject => ({
    id: random.pick(['1', 'a', '😀', 'x'.repeat(64)]),
    method: random.pick(['POST', 'PUT']),
    path: '/federation/v1/messages',
    body: random.once(2) ? makeMessage(random) : makeJson(random),
  });
  return { items: Array.from({ length: random.below(4) }, item) };
}

function makePublicKey(random: Random): JsonObject {
  const more = {
    userId: makeUserId(random), signingKey: makeBase64(random, 32), keyVersion: 1 + random.below(4), createdAt: makeTime(random), bindingSignature: makeBase64(random, 64),
    previous: Array.from({ length: random.below(3) }, () => ({ signingKey: makeBase64(random, 32), signature: makeBase64(random, 64) })),
  };
  return { publicKey: makeBase64(random, 32), ...(random.once(2) ? more : someMembers(random, more)) };
}

function makeObject(random: Random): JsonObject {
  return random.once(2) ? {} : { v: 1, more: makeJson(random), [random.pick(NAMES)]: makeJson(random) };
}

function makeTime(random: Random): string {
  return random.once(10) ? makeTimestamp(random) : '2026-11-18T11:06:40.000Z';
}

/** What travels as JSON between servers and to clients. */
export type BodyKind = 'message' | 'change' | 'session key' | 'statement' | 'events' | 'batch' | 'public key' | 'hello';

/** Makes a body of each kind as a peer sends it. */
export const BODY_MAKERS: Readonly<Record<BodyKind, (random: Random) => JsonObject>> = {
  message: makeMessage,
  change: makeChange,
  'session key': (random) => ({ ...makeChange(random), action: 'rotate_key' }),
  statement: makeStatement,
  events: makeEvents,
  batch: makeBatch,
  'public key': makePublicKey,
  hello: makeObject,
};

/** Puts something else, missing or overlong into one place of a value. */
export function exchangeMember(random: Random, value: JsonValue, longest: number): JsonValue {
  if (Array.isArray(value) && value.length > 0 && !random.once(4)) {
    const at = random.below(value.length);
    return value.map((item: JsonValue, index) => (index === at ? exchangeMember(random, item, longest) : item));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !random.once(12)) {
    const names = Object.keys(value);
    if (names.length === 0) return makeJson(random);
    const chosen = random.pick(names);
    const entries = Object.entries(value).flatMap(([name, member]): [string, JsonValue][] => {
      if (name !== chosen) return [[name, member]];
      return random.once(12) ? [] : [[name, exchangeMember(random, member, longest)]];
    });
    return Object.fromEntries(entries);
  }
  return random.once(3_000) ? makeLong(random, longest) : makeJson(random);
}

/** Makes a list, an object or a string that takes about so many bytes. */
function makeLong(random: Random, bytes: number): JsonValue {
  const item = random.pick<JsonValue>([{}, [], null, 0, '', 'a@a.test', { userId: 'a@a.test', encryptedSessionKey: 'AA==' }, { type: 'typing' }, { id: '1' }]);
  const count = Math.floor(bytes / (JSON.stringify(item).length + 1));
  switch (random.below(4)) {
    case 0:
      return Object.fromEntries(Array.from({ length: Math.floor(bytes / 12) }, (_, index) => [`k${index}`, 0]));
    case 1:
      return random.pick(['A', '\\', '😀', ' ', '.', 'a.']).repeat(Math.floor(bytes / 4));
    default:
      return Array.from({ length: count }, () => item);
  }
}

/** Writes a value as one of the many texts that mean it: blanks, escapes, other orders of members. */
export function spellJson(random: Random, value: JsonValue, depth = 0): string {
  const blank = (): string => (random.once(6) ? random.pick([' ', '\n', '\t', '\r\n  ']) : '');
  if (typeof value === 'string') return spellString(random, value);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : JSON.stringify(value);
  if (Array.isArray(value)) return `[${blank()}${value.map((item: JsonValue) => spellJson(random, item, depth + 1)).join(`${blank()},${blank()}`)}${blank()}]`;
  const members = random.once(2) ? Object.entries(value) : Object.entries(value).toReversed();
  return `{${blank()}${members.map(([name, member]) => `${random.once(30) ? spellString(random, name) : JSON.stringify(name)}${blank()}:${blank()}${spellJson(random, member, depth + 1)}`).join(`${blank()},`)}${blank()}}`;
}

function spellString(random: Random, text: string): string {
  const plain = JSON.stringify(text);
  if (!random.once(6) || text.length > 1_000) return plain;
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `"${text.split('').map(escape).join('')}"`;
}

/** Gives a token that readers of JSON disagree about. */
export function oddToken(random: Random): string {
  return random.once(12) ? '['.repeat(MAX_DEPTH + random.below(3)) : random.pick(ODD_TOKENS);
}
