import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { fixedBytes } from './fixed.ts';
import { invalid, valid } from './vector-file.ts';

/** Gives b64 of so many fixed bytes. */
export const b64 = (length: number): string => fixedBytes('a body', length).toString('base64');
/** A conversation of a.test. */
export const CONVERSATION_ID = 'AAECAwQFBgcICQoLDA0ODw:a.test';
/** The id of a message. */
export const MESSAGE_ID = '01937f3e-0000-7000-8000-000000000000';
/** The id of a Core message. */
export const CORE_MESSAGE_ID = 'nl0meO98L-Ex1uRJl5RZXsPyOt1uqr3cuxON8-oA_hg';

/** Leaves a member out. */
export function without(body: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([other]) => other !== name));
}

/** Drafts a body that is read; `kept` is what remains of it where something is dropped. */
export function reads(flag: string, comment: string, rest: { body: JsonObject; kept?: JsonObject; full?: boolean }) {
  const { body, kept = body, full } = rest;
  return valid(flag, comment, { input: { body }, expected: { kept, ...(full !== undefined && { full }) } });
}

/** Drafts a body that is `invalid_body` with this pointer. */
export function refuses(flag: string, comment: string, rest: { body: JsonValue; pointer: string; clause?: string }) {
  const { body, pointer, clause } = rest;
  return invalid(flag, comment, { input: { body }, error: { code: 'invalid_body', pointer }, ...(clause !== undefined && { clause }) });
}

/** Says in words what a value is. */
export function inWords(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `"${value.length > 24 ? `${value.slice(0, 24)}\u2026` : value}"`;
  if (typeof value !== 'object') return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}
