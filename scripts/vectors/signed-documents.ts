import type { JsonObject } from '../../protocol/json.ts';
import { lines, sha256B64, signB64 } from './fixed.ts';
import type { TestKey } from './fixed.ts';
import { plainJcs } from './plain-jcs.ts';
import { SERVER_KEYS } from './signed-exchange.ts';
import { invalid, valid } from './vector-file.ts';

/** Is the key that signs in most documents. */
export const FIRST = SERVER_KEYS['a.test example-1'];
/** Is another key of the same domain. */
export const SECOND = SERVER_KEYS['a.test other-1'];

/** Lists a key. */
export const listed = (kid: string, { publicKey }: TestKey): JsonObject => ({ kid, publicKey });
/** Has the required members but the signatures. */
export const MEMBERS: JsonObject = {
  domain: 'a.test',
  publicKey: FIRST.publicKey,
  keys: [listed('example-1', FIRST)],
  protocolVersions: ['v1'],
  validUntil: '2026-11-24T11:06:40.000Z',
};

/** What every key of a document signs, by hand. @see docs/protocol.md [KEY-2] */
export const signedText = (members: JsonObject): string => lines('securechat-s2s-keys-v1', sha256B64(plainJcs(members)));
/** Signs a document with keys by their kids, whatever it says. */
export const signedBy = (members: JsonObject, keys: Readonly<Record<string, TestKey>>): JsonObject => ({
  ...members, signatures: Object.fromEntries(Object.entries(keys).map(([kid, key]) => [kid, signB64(key, signedText(members))])),
});
/** Signs the required members and others with the one key. */
export const one = (changes: JsonObject = {}): JsonObject => signedBy({ ...MEMBERS, ...changes }, { 'example-1': FIRST });

const fingerprint = (document: string): JsonObject => {
  const { signatures: _, ...members } = JSON.parse(document);
  return { signedText: signedText(members) };
};

/** Drafts a document that is accepted. */
export function accepts(flag: string, comment: string, document: JsonObject | string) {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const { profile = null, endpoints = [], limits = {}, keys } = JSON.parse(text);
  const defaults = { maxBodyBytes: 262_144, maxBatchItems: 100, maxParticipants: 256, maxMediaBytes: 0 };
  const kids = keys.map(({ kid }: { kid: string }) => kid);
  const { maxBodyBytes, maxBatchItems, maxParticipants, maxMediaBytes } = { ...defaults, ...limits };
  const expected = { kids, profile, endpoints, limits: { maxBodyBytes, maxBatchItems, maxParticipants, maxMediaBytes }, ...fingerprint(text) };
  return valid(flag, comment, { input: { document: text }, expected });
}

/** Drafts a document that is refused for a reason. */
export function refuses(flag: string, comment: string, rest: { reason: string; document: JsonObject | string; clause?: string }) {
  const { reason, document, clause = 'KEY-3' } = rest;
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return invalid(flag, comment, { input: { document: text }, error: { code: 'unknown_key', reason }, clause });
}

/** Drafts a document that is refused for its form. */
export const malformed = (flag: string, comment: string, document: JsonObject | string) => refuses(flag, comment, { reason: 'malformed', document });
