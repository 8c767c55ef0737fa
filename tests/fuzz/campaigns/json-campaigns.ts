import type { ZodType } from 'zod';
import { ProtocolError } from '../../../protocol/errors.ts';
import { canonicalizeJson, isJsonObject, parseStrictJson, StrictJsonError } from '../../../protocol/json.ts';
import type { JsonValue } from '../../../protocol/json.ts';
import { MAX_BATCH_BODY_BYTES, MAX_BATCH_JSON_DEPTH, MAX_BODY_BYTES } from '../../../protocol/limits.ts';
import { batchBody } from '../../../protocol/schemas/batch-body.ts';
import { conversationBody } from '../../../protocol/schemas/conversation-body.ts';
import { eventsBody } from '../../../protocol/schemas/events-body.ts';
import { helloBody } from '../../../protocol/schemas/hello-body.ts';
import { membershipStatement } from '../../../protocol/schemas/membership-statement.ts';
import { messageBody } from '../../../protocol/schemas/message-body.ts';
import { parseBody } from '../../../protocol/schemas/parse-body.ts';
import { publicKeyAnswer } from '../../../protocol/schemas/public-key-answer.ts';
import { sessionKeyBody } from '../../../protocol/schemas/session-key-body.ts';
import { createCampaign } from '../support/campaign.ts';
import type { Campaign } from '../support/campaign.ts';
import { mustBeSameJson, mustEqual, refusedBy } from '../support/faults.ts';
import { mutateBytes, mutateText, swellText } from '../support/mutate.ts';
import type { Random } from '../support/random.ts';
import { BODY_MAKERS, exchangeMember, makeJson, oddToken, spellJson } from '../support/valid-json.ts';
import type { BodyKind } from '../support/valid-json.ts';

const SCHEMAS: Readonly<Record<BodyKind, ZodType>> = {
  message: messageBody,
  change: conversationBody,
  'session key': sessionKeyBody,
  statement: membershipStatement,
  events: eventsBody,
  batch: batchBody,
  'public key': publicKeyAnswer,
  hello: helloBody,
};
const KINDS = Object.keys(SCHEMAS) as readonly BodyKind[];
const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strict JSON: what is accepted `JSON.parse` reads to the same value, and so does this parser what it writes. @see docs/protocol.md [SIG-12]; RFC 8785 */
export const jsonTexts = createCampaign<Uint8Array, { readonly value: JsonValue }>({
  name: 'JSON texts',
  cases: 120_000,
  generate(random) {
    const spelt = spellJson(random, makeJson(random));
    if (random.once(4)) return utf8.encode(spelt);
    if (random.once(3)) return mutateBytes(random, utf8.encode(spelt), [utf8.encode(oddToken(random))]);
    if (random.once(3)) return utf8.encode(`[${oddToken(random)},${spelt}]`);
    return utf8.encode(mutateText(random, spelt, [oddToken(random)]));
  },
  // In a box, because null is a value as well as a refusal.
  parse: (bytes) => refusedBy([StrictJsonError], () => ({ value: parseStrictJson(bytes) })),
  confirm: (bytes, { value }) => confirmJson(bytes, value),
  confirmRefused(bytes) {
    if (isPlainJson(bytes)) throw new Error('refused for no reason');
  },
});

function confirmJson(bytes: Uint8Array, value: JsonValue, maxDepth?: number): void {
  const source = text.decode(bytes);
  // V8 may read a name that has an escape as a name that it has read before (nodejs/node#63785): it is not asked about those.
  if (!hasEscapeInName(source)) mustBeSameJson(value, JSON.parse(source), 'what JSON.parse reads');
  const canonical = canonicalizeJson(value);
  mustEqual(canonical, referenceCanonical(value), 'the canonical form');
  mustEqual(canonicalizeJson(parseStrictJson(utf8.encode(canonical), maxDepth === undefined ? {} : { maxDepth })), canonical, 'the canonical form read again');
}

function hasEscapeInName(source: string): boolean {
  return source.includes('\\') && source.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/g).some(([, name = '', colon]) => colon !== undefined && name.includes('\\'));
}

/** Writes RFC 8785 the short way. */
function referenceCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(referenceCanonical).join()}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${referenceCanonical(value[name])}`).join()}}`;
}

/** Tells JSON that no strictness touches: what `JSON.parse` reads and `JSON.stringify` writes back to the very same bytes, flat and without odd values. */
function isPlainJson(bytes: Uint8Array): boolean {
  const source = Buffer.from(bytes).toString('latin1');
  if (!/^[\x20-\x7e]*$/.test(source) || /[\\0-9]|\[.*\[/.test(source)) return false;
  try {
    return JSON.stringify(JSON.parse(source)) === source;
  } catch {
    return false;
  }
}

/** A body on its way to an endpoint; now and then one that belongs to another. */
interface SentBody {
  readonly kind: BodyKind;
  readonly bytes: Uint8Array;
}

/** Bodies: bytes to strict JSON to a schema; what it accepts is written, read and accepted again to the same. @see docs/protocol.md [API-2] to [API-9] */
export const jsonBodies: Campaign = createCampaign<SentBody, { readonly value: JsonValue; readonly body: unknown }>({
  name: 'JSON bodies',
  cases: 60_000,
  generate(random) {
    const kind = random.pick(KINDS);
    const body = BODY_MAKERS[random.once(40) ? random.pick(KINDS) : kind](random);
    return { kind, bytes: generateBody(random, body, kind === 'batch' ? MAX_BATCH_BODY_BYTES : MAX_BODY_BYTES) };
  },
  parse({ kind, bytes }) {
    const read = refusedBy([StrictJsonError], () => ({ value: parseStrictJson(bytes, { maxDepth: MAX_BATCH_JSON_DEPTH }) }));
    const body = read === null ? null : readBody(SCHEMAS[kind], read.value);
    return read === null || body === null ? null : { value: read.value, body };
  },
  confirm({ kind, bytes }, { value, body }) {
    confirmJson(bytes, value, MAX_BATCH_JSON_DEPTH);
    const written = JSON.stringify(body);
    const again = readBody(SCHEMAS[kind], parseStrictJson(utf8.encode(written), { maxDepth: MAX_BATCH_JSON_DEPTH }));
    mustEqual(JSON.stringify(again), written, 'the body read again');
  },
});

/** Refusals are `invalid_body` with a pointer that echoes nothing but names of members and places in lists. */
function readBody(schema: ZodType, value: JsonValue): unknown {
  try {
    return parseBody(schema, value);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'invalid_body' && /^(?:\/[A-Za-z0-9]+)*$/.test(error.pointer ?? 'none')) return null;
    throw error;
  }
}

function generateBody(random: Random, body: JsonValue, longest: number): Uint8Array {
  // In a batch too: 90 000 names in one object of 1 MiB take V8's own JSON.parse most of the time that a case may take.
  const spelt = spellJson(random, random.once(2) ? body : exchangeMember(random, body, MAX_BODY_BYTES));
  if (random.once(4_000)) return utf8.encode(swellText(random, spelt, longest)).subarray(0, longest);
  if (!random.once(3)) return utf8.encode(spelt);
  return random.once(2) ? mutateBytes(random, utf8.encode(spelt), [utf8.encode(oddToken(random))]) : utf8.encode(mutateText(random, spelt, [oddToken(random)]));
}
