import { describe, expect, it, test } from 'vitest';
import { ProtocolError } from '../errors.ts';
import { eventsBody } from './events-body.ts';
import { parseBody } from './parse-body.ts';

const uuid = '01932f5e-8c00-7abc-8def-0123456789ab';
const coreId = 'nl0meO98L-Ex1uRJl5RZXsPyOt1uqr3cuxON8-oA_hg';
const uuidOf = (index: number): string => `01932f5e-8c00-7abc-8def-${String(index).padStart(12, '0')}`;
const common = { conversationId: 'AAECAwQFBgcICQoLDA0ODw:a.test', userId: 'alice@a.test', timestamp: '2026-11-22T18:40:00.000Z' };
const typing = { type: 'typing', ...common };
const delivered = { type: 'delivered', ...common, messageIds: [uuid, coreId] };
const read = { type: 'read', ...common, upTo: uuid };

function pointerOf(...events: unknown[]): string | undefined {
  try {
    parseBody(eventsBody, { events });
  } catch (error) {
    if (error instanceof ProtocolError) return error.pointer;
  }
  return undefined;
}

describe('[API-8] events', () => {
  test.each<[string, object[]]>([
    ['typing', [typing]], ['delivered', [delivered]], ['delivered of 100 messages', [{ ...delivered, messageIds: Array.from({ length: 100 }, (_, index) => uuidOf(index)) }]],
    ['read', [read]], ['read up to a Core message', [{ ...read, upTo: coreId }]], ['accepted', [{ type: 'accepted', ...common }]],
    ['of several kinds and people', [typing, { ...read, userId: 'carol@a.test' }, delivered, delivered]], ['none', []], ['100 of them', Array.from({ length: 100 }, () => typing)],
  ])('are read: %s', (_, events) => {
    expect(parseBody(eventsBody, { events })).toEqual({ events });
  });

  it('[API-10] lose the members that their type does not know', () => {
    expect(parseBody(eventsBody, { events: [{ ...typing, messageIds: 'x', later: 1 }], later: 1 })).toEqual({ events: [typing] });
  });

  it('are refused beyond 100', () => {
    expect(pointerOf(...Array.from({ length: 101 }, () => typing))).toBe('/events');
  });

  test.each([[{}], [{ events: null }], [{ events: {} }]])('are refused as %j', (body) => {
    expect(() => parseBody(eventsBody, body)).toThrow(ProtocolError);
  });

  test.each<[string, unknown, string]>([
    ['an event that is no object', 'typing', ''], ['a type unknown here', { ...typing, type: 'waved' }, '/type'], ['no type', common, '/type'], ['a type that is a list', { ...typing, type: [] }, '/type'],
    ['no conversation', { ...typing, conversationId: undefined }, '/conversationId'], ['a malformed user', { ...typing, userId: 'Alice@a.test' }, '/userId'],
    ['a timestamp without milliseconds', { ...typing, timestamp: '2026-11-22T18:40:00Z' }, '/timestamp'], ['delivered without messages', { type: 'delivered', ...common }, '/messageIds'],
    ['delivered of no message', { ...delivered, messageIds: [] }, '/messageIds'], ['delivered of 101 messages', { ...delivered, messageIds: Array.from({ length: 101 }, (_, index) => uuidOf(index)) }, '/messageIds'],
    ['a malformed message id', { ...delivered, messageIds: [uuid, 'x'] }, '/messageIds/1'], ['an upper-case message id', { ...read, upTo: uuid.toUpperCase() }, '/upTo'],
    ['a message twice', { ...delivered, messageIds: [uuid, coreId, uuid] }, '/messageIds/2'], ['read up to nothing', { type: 'read', ...common }, '/upTo'], ['read up to null', { ...read, upTo: null }, '/upTo'],
  ])('are all refused where one has %s', (_, event, member) => {
    expect(pointerOf(typing, event, typing)).toBe(`/events/1${member}`);
  });

  it('[ERR-1] point at a bad form before a message twice in an earlier event', () => {
    expect(pointerOf({ ...delivered, messageIds: [uuid, uuid] }, { ...typing, userId: 1 })).toBe('/events/1/userId');
  });
});
