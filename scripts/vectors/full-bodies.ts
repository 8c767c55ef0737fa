import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { b64, CONVERSATION_ID, CORE_MESSAGE_ID, inWords, MESSAGE_ID, reads, refuses, without } from './bodies.ts';
import { NOW } from './fixed.ts';
import { CORE_MESSAGE } from './message-bodies.ts';

const ITEM: JsonObject = { id: '1', method: 'POST', path: '/federation/v1/messages', body: CORE_MESSAGE };
const EVENT: JsonObject = { type: 'typing', conversationId: CONVERSATION_ID, userId: 'alice@a.test', timestamp: NOW };
const DELIVERED: JsonObject = { ...EVENT, type: 'delivered', messageIds: [MESSAGE_ID] };
const READ: JsonObject = { ...EVENT, type: 'read', upTo: MESSAGE_ID };
const OTHER_MESSAGE_IDS = Array.from({ length: 101 }, (_, index) => `01937f3e-0000-7000-8000-${index.toString(16).padStart(12, '0')}`);

/** Drafts bodies of `POST /batch`: what holds before any item is looked at. @see docs/protocol.md [API-7] */
export function batchBodies() {
  const tiny = (index: number): JsonObject => ({ id: String(index), method: 'POST', path: '/federation/v1/events', body: {} });
  const batch = (...items: readonly JsonValue[]): JsonObject => ({ items });
  const bad = (name: string, value: JsonValue) => refuses('Value', `${name} of an item is ${inWords(value)}`, { body: batch({ ...ITEM, [name]: value }), pointer: `/items/0/${name}` });
  return [
    reads('Ordinary', 'one item', { body: batch(ITEM) }),
    reads('Ordinary', 'two items', { body: batch(ITEM, { ...tiny(2), path: '/federation/v1/events' }) }),
    reads('Boundary', 'no item', { body: batch() }),
    reads('Boundary', 'an id of 64 characters', { body: batch({ ...ITEM, id: 'i'.repeat(64) }) }),
    reads('Boundary', 'an id of 64 characters, each of two UTF-16 code units', { body: batch({ ...tiny(1), id: '\ud83d\ude00'.repeat(64) }) }),
    reads('Ordinary', 'one id for two items', { body: batch(tiny(1), tiny(1)) }),
    reads('Ordinary', 'a method and a path that only the item itself answers for', { body: batch({ ...tiny(1), method: 'GET', path: '/a?b' }) }),
    reads('Boundary', '100 items', { body: batch(...Array.from({ length: 100 }, (_, index) => tiny(index))) }),
    reads('Unknown', 'unknown members of the body and of an item', { body: { items: [{ ...tiny(1), later: 1 }], later: 1 }, kept: batch(tiny(1)) }),
    refuses('Missing', 'no items', { body: {}, pointer: '/items' }),
    refuses('Value', 'items is an object', { body: { items: {} }, pointer: '/items' }),
    refuses('Value', 'items is null', { body: { items: null }, pointer: '/items' }),
    refuses('Boundary', '101 items', { body: batch(...Array.from({ length: 101 }, (_, index) => tiny(index))), pointer: '/items' }),
    refuses('Value', 'an item is null', { body: batch(tiny(1), null), pointer: '/items/1' }),
    refuses('Value', 'an item is a list', { body: batch([]), pointer: '/items/0' }),
    ...Object.keys(ITEM).map((name) => refuses('Missing', `an item without ${name}`, { body: batch(without(ITEM, name)), pointer: `/items/0/${name}` })),
    bad('id', ''),
    bad('id', 1),
    bad('id', null),
    refuses('Boundary', 'an id of 65 characters', { body: batch({ ...ITEM, id: 'i'.repeat(65) }), pointer: '/items/0/id' }),
    bad('method', null),
    bad('path', 1),
  ];
}

/** Drafts bodies of `POST /events`. @see docs/protocol.md [API-8] */
export function eventsBodies() {
  return [...acceptedEvents(), ...refusedEvents()];
}

const events = (...list: readonly JsonValue[]): JsonObject => ({ events: list });

function acceptedEvents() {
  return [
    reads('Ordinary', 'typing', { body: events(EVENT) }),
    reads('Ordinary', 'delivered', { body: events(DELIVERED) }),
    reads('Ordinary', 'read', { body: events(READ) }),
    reads('Ordinary', 'accepted', { body: events({ ...EVENT, type: 'accepted' }) }),
    reads('Ordinary', 'one of each', { body: events(EVENT, DELIVERED, READ, { ...EVENT, type: 'accepted' }) }),
    reads('Ordinary', 'delivered, with the derived id of a Core message', { body: events({ ...DELIVERED, messageIds: [CORE_MESSAGE_ID, MESSAGE_ID] }) }),
    reads('Ordinary', 'read, with the derived id of a Core message', { body: events({ ...READ, upTo: CORE_MESSAGE_ID }) }),
    reads('Boundary', 'delivered, 100 ids', { body: events({ ...DELIVERED, messageIds: OTHER_MESSAGE_IDS.slice(0, 100) }) }),
    reads('Boundary', '100 events', { body: events(...Array.from({ length: 100 }, () => EVENT)) }),
    reads('Unknown', 'unknown members of the body and of an event', { body: { ...events({ ...EVENT, later: 1 }), later: 1 }, kept: events(EVENT) }),
  ];
}

function refusedEvents() {
  const bad = (event: JsonObject, name: string, value: JsonValue) =>
    refuses('Value', `${name} of ${String(event['type'])} is ${inWords(value)}`, { body: events({ ...event, [name]: value }), pointer: `/events/0/${name}` });
  return [
    refuses('Missing', 'no events', { body: {}, pointer: '/events' }),
    refuses('Value', 'events is an object', { body: { events: EVENT }, pointer: '/events' }),
    refuses('Boundary', '101 events', { body: events(...Array.from({ length: 101 }, () => EVENT)), pointer: '/events' }),
    refuses('Value', 'an event is null', { body: events(null), pointer: '/events/0' }),
    ...Object.keys(EVENT).map((name) => refuses('Missing', `an event without ${name}`, { body: events(without(EVENT, name)), pointer: `/events/0/${name}` })),
    bad(EVENT, 'type', 'Typing'),
    bad(EVENT, 'type', 'reaction'),
    bad(EVENT, 'type', null),
    bad(EVENT, 'conversationId', ''),
    bad(EVENT, 'userId', 'Alice@a.test'),
    bad(EVENT, 'timestamp', '2026-11-18T11:06:40Z'),
    refuses('Missing', 'delivered without messageIds', { body: events(without(DELIVERED, 'messageIds')), pointer: '/events/0/messageIds' }),
    bad(DELIVERED, 'messageIds', []),
    bad(DELIVERED, 'messageIds', MESSAGE_ID),
    refuses('Value', 'one of the ids of delivered is malformed', { body: events({ ...DELIVERED, messageIds: [MESSAGE_ID, 'x'] }), pointer: '/events/0/messageIds/1' }),
    refuses('Value', 'one of the ids of delivered stands twice', { body: events({ ...DELIVERED, messageIds: [MESSAGE_ID, CORE_MESSAGE_ID, MESSAGE_ID] }), pointer: '/events/0/messageIds/2' }),
    refuses('Boundary', 'delivered, 101 ids', { body: events({ ...DELIVERED, messageIds: OTHER_MESSAGE_IDS }), pointer: '/events/0/messageIds' }),
    refuses('Missing', 'read without upTo', { body: events(without(READ, 'upTo')), pointer: '/events/0/upTo' }),
    bad(READ, 'upTo', '01937f3e-0000-4000-8000-000000000000'),
    bad(READ, 'upTo', null),
    refuses('Value', 'one malformed event among good ones refuses all', { body: events(EVENT, { ...READ, upTo: 1 }, EVENT), pointer: '/events/1/upTo' }),
  ];
}

const ANSWER: JsonObject = {
  publicKey: b64(32), userId: 'alice@a.test', signingKey: b64(32), keyVersion: 2, createdAt: NOW, bindingSignature: b64(64), previous: [{ signingKey: b64(32), signature: b64(64) }],
};

/** Drafts answers of `GET /users/{userId}/public_key`, as to their form alone. @see docs/protocol.md [API-1] */
export function publicKeyAnswers() {
  const bad = (name: string, value: JsonValue, comment = inWords(value)) => refuses('Value', `${name} is ${comment}`, { body: { ...ANSWER, [name]: value }, pointer: `/${name}` });
  return [
    reads('Ordinary', 'Core', { body: { publicKey: b64(32) } }),
    reads('Ordinary', 'Full', { body: ANSWER }),
    reads('Ordinary', 'nobody before', { body: { ...ANSWER, previous: [] } }),
    reads('Unknown', 'unknown members of the body and of an entry', {
      body: { publicKey: b64(32), later: 1, previous: [{ signingKey: b64(32), signature: b64(64), later: 1 }] },
      kept: { publicKey: b64(32), previous: [{ signingKey: b64(32), signature: b64(64) }] },
    }),
    refuses('Missing', 'no publicKey', { body: without(ANSWER, 'publicKey'), pointer: '/publicKey' }),
    bad('publicKey', null),
    bad('publicKey', b64(31), '31 bytes'),
    bad('publicKey', b64(32).replaceAll('=', ''), 'without padding'),
    bad('userId', 'Alice@a.test'),
    bad('signingKey', b64(33), '33 bytes'),
    bad('keyVersion', 0),
    bad('keyVersion', 1.5),
    bad('keyVersion', '1'),
    bad('createdAt', '2026-11-18'),
    bad('bindingSignature', b64(63), '63 bytes'),
    bad('previous', {}),
    refuses('Value', 'an entry of previous without signature', { body: { ...ANSWER, previous: [{ signingKey: b64(32) }] }, pointer: '/previous/0/signature' }),
  ];
}
