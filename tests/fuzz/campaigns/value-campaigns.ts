import { Base64Error, decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from '../../../protocol/base64.ts';
import {
  domainOf, formatUserId, IdentifierError, ownerDomainInId, parseConversationId, parseCoreMessageId, parseDomain, parseKeyId, parseMessageId, parseUserId,
  usernameOf,
} from '../../../protocol/ids.ts';
import { formatTimestamp, parseTimestamp, TimestampError, timestampToDate } from '../../../protocol/timestamp.ts';
import { createCampaign } from '../support/campaign.ts';
import { mustEqual, refusedBy } from '../support/faults.ts';
import { mutateText, swellText } from '../support/mutate.ts';
import type { Random } from '../support/random.ts';
import { readsAsConversationId, readsAsDomain, readsAsTimestamp, readsAsUserId } from '../support/reference-readers.ts';
import {
  makeBase64, makeConversationId, makeCoreMessageId, makeDomain, makeKeyId, makeMessageId, makeTimestamp, makeUserId,
} from '../support/valid-texts.ts';

const LONGEST_TEXT = 262_144; // that of a body

function change(random: Random, text: string, make: (random: Random) => string): string {
  if (random.once(2_000)) return swellText(random, text, LONGEST_TEXT);
  return random.once(3) ? text : mutateText(random, text, [make(random)]);
}

interface IdentifierKind {
  readonly name: string;
  readonly make: (random: Random) => string;
  readonly parse: (text: string) => string;
  /** Tells by other means whether a text is one; null where there are none. */
  readonly readsAs: ((text: string) => boolean) | null;
}

const IDENTIFIERS: readonly IdentifierKind[] = [
  { name: 'domain', make: makeDomain, parse: parseDomain, readsAs: readsAsDomain },
  { name: 'user id', make: makeUserId, parse: parseUserId, readsAs: readsAsUserId },
  { name: 'conversation id', make: makeConversationId, parse: parseConversationId, readsAs: readsAsConversationId },
  { name: 'message id', make: makeMessageId, parse: parseMessageId, readsAs: null },
  { name: 'Core message id', make: makeCoreMessageId, parse: parseCoreMessageId, readsAs: (text) => isCanonical(text, 'base64url', 32) },
  { name: 'key id', make: makeKeyId, parse: parseKeyId, readsAs: null },
];

/** Identifiers: verdicts equal those of readers written without patterns; what is accepted falls apart and joins again. @see docs/protocol.md [ID-1] to [ID-4] */
export const identifiers = createCampaign<{ readonly kind: IdentifierKind; readonly text: string }, string>({
  name: 'identifiers',
  cases: 160_000,
  generate(random) {
    const kind = random.pick(IDENTIFIERS);
    return { kind, text: change(random, kind.make(random), random.once(8) ? random.pick(IDENTIFIERS).make : kind.make) };
  },
  parse: ({ kind, text }) => refusedBy([IdentifierError], () => kind.parse(text)),
  confirm({ kind, text }, value) {
    mustEqual(value, text, 'the text');
    if (kind.readsAs !== null) mustEqual(kind.readsAs(text), true, `what else reads a ${kind.name}`);
    if (kind.name === 'user id') {
      const userId = parseUserId(text);
      mustEqual(formatUserId(usernameOf(userId), parseDomain(domainOf(userId))), text, 'the user id joined again');
    }
    if (kind.name === 'conversation id') {
      const owner = ownerDomainInId(parseConversationId(text));
      mustEqual(owner === null ? text.includes(':') : !text.endsWith(`:${owner}`), false, 'the owner');
    }
  },
  confirmRefused({ kind, text }) {
    if (kind.readsAs !== null) mustEqual(kind.readsAs(text), false, `what else reads a ${kind.name}`);
  },
});

/** Timestamps: verdicts equal those of a calendar; what is accepted is an instant that is written the same. @see docs/protocol.md [ID-5] */
export const timestamps = createCampaign<string, string>({
  name: 'timestamps',
  cases: 100_000,
  generate: (random) => change(random, makeTimestamp(random), makeTimestamp),
  parse: (text) => refusedBy([TimestampError], () => parseTimestamp(text)),
  confirm(text) {
    mustEqual(formatTimestamp(timestampToDate(parseTimestamp(text))), text, 'the instant written again');
    mustEqual(readsAsTimestamp(text), true, 'the calendar');
  },
  confirmRefused: (text) => mustEqual(readsAsTimestamp(text), false, 'the calendar'),
});

/** Base64 of both kinds: accepted exactly where Node's decoder and encoder give the same text back, to the same bytes. */
export const base64 = createCampaign<{ readonly kind: 'base64' | 'base64url'; readonly text: string }, Uint8Array>({
  name: 'base64',
  cases: 100_000,
  generate(random) {
    const kind = random.pick(['base64', 'base64url'] as const);
    const make = (random: Random): string => (random.once(8) ? makeBase64(random, random.below(80)) : Buffer.from(random.bytes(random.below(80))).toString(kind));
    return { kind, text: change(random, make(random), make) };
  },
  parse: ({ kind, text }) => refusedBy([Base64Error], () => (kind === 'base64' ? decodeBase64(text) : decodeBase64Url(text))),
  confirm({ kind, text }, bytes) {
    mustEqual(kind === 'base64' ? encodeBase64(bytes) : encodeBase64Url(bytes), text, 'the text encoded again');
    mustEqual(Buffer.compare(Buffer.from(text, kind), bytes), 0, "Node's bytes");
  },
  confirmRefused: ({ kind, text }) => mustEqual(isCanonical(text, kind), false, "Node's verdict"),
});

function isCanonical(text: string, kind: 'base64' | 'base64url', length?: number): boolean {
  const bytes = Buffer.from(text, kind);
  return bytes.toString(kind) === text && (length === undefined || bytes.length === length);
}
