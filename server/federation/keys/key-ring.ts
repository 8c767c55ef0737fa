import { MAX_LISTED_KEYS } from '../../../protocol/limits.ts';
import { formatTimestamp, parseTimestamp, timestampToDate } from '../../../protocol/timestamp.ts';
import { OwnKeyError } from './own-key-error.ts';
import { readSigningKey } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';

/** One of our keys and its time; `pem` is secret. */
export interface RingKey {
  readonly pem: string;
  readonly key: SigningKey;
  /** From when it signs; null for one that always might. */
  readonly signsFrom: Date | null;
  /** Until when the key document lists it; null where no end is set. */
  readonly listedUntil: Date | null;
}

/** Our keys, in the order of their file: the one first that signed when it was written. */
export type KeyRing = readonly [RingKey, ...RingKey[]];

/** What a key is for at some instant; of one that is `listed` its times do not say more. */
export type KeyRole = 'current' | 'next' | 'former' | 'listed';

const NOTE = 'The federation keys of this server. SECRET. Changed by `securechat keys rotate`.';
const SIGNS_FROM = 'signs from';
const LISTED_UNTIL = 'listed until';
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^]*?-----END \1-----/g;
const BEGIN = /-----BEGIN /g;

/**
 * Reads PEM blocks, each with its times in the lines before it; a text with one block alone is a ring of one key.
 * Throws {@link OwnKeyError}.
 * @see docs/protocol.md [KEY-6]; RFC 7468 section 5.2, which allows text before a block
 */
export function readKeyRing(text: string): KeyRing {
  return readBlocks(text, readTimes);
}

/** Reads PEM blocks of which the first signs for ever and the others are only listed. Throws {@link OwnKeyError}. */
export function readUntimedKeyRing(text: string): KeyRing {
  return readBlocks(text, () => ({ signsFrom: null, listedUntil: null }));
}

type Times = Pick<RingKey, 'signsFrom' | 'listedUntil'>;

function readBlocks(text: string, timesOf: (preamble: string) => Times): KeyRing {
  const blocks = [...text.matchAll(BLOCK)];
  const [first, ...others] = blocks.map((block, index) => {
    const before = blocks[index - 1];
    const from = before === undefined ? 0 : before.index + before[0].length;
    const [pem] = block;
    return { pem, key: readSigningKey(pem), ...timesOf(text.slice(from, block.index)) };
  });
  if (first === undefined || blocks.length !== [...text.matchAll(BEGIN)].length) throw new OwnKeyError('not_ed25519');
  const ring: KeyRing = [first, ...others];
  const isDistinct = new Set(ring.map(({ key }) => key.kid)).size === ring.length;
  if (!isDistinct || ring.length > MAX_LISTED_KEYS) throw new OwnKeyError('not_distinct');
  return ring;
}

function readTimes(preamble: string): Times {
  const timeOf = (name: string): Date | null => {
    const line = preamble.split('\n').find((candidate) => candidate.startsWith(`${name}: `));
    return line === undefined ? null : readTime(line.slice(name.length + 2).trim());
  };
  return { signsFrom: timeOf(SIGNS_FROM), listedUntil: timeOf(LISTED_UNTIL) };
}

function readTime(text: string): Date {
  try {
    return timestampToDate(parseTimestamp(text));
  } catch (cause) {
    throw new OwnKeyError('bad_schedule', { cause });
  }
}

/** Writes a ring as {@link readKeyRing} reads it. */
export function writeKeyRing(ring: KeyRing): string {
  const blocks = ring.map(({ pem, signsFrom, listedUntil }) =>
    [...timeLine(SIGNS_FROM, signsFrom), ...timeLine(LISTED_UNTIL, listedUntil), pem.trim()].join('\n'),
  );
  return `${[NOTE, ...blocks].join('\n\n')}\n`;
}

function timeLine(name: string, time: Date | null): readonly string[] {
  return time === null ? [] : [`${name}: ${formatTimestamp(time)}`];
}

/** Gives the key that signs at an instant: of those whose time has come the latest, of equals the first. @see docs/protocol.md [KEY-6] */
export function currentKey(ring: KeyRing, now: Date): RingKey {
  const begun = ring.filter((candidate) => !isNext(candidate, now));
  const startMs = ({ signsFrom }: RingKey): number => signsFrom?.getTime() ?? -Infinity;
  // Before all of them only where the clock was set back; something has to sign.
  return begun.reduce((latest, candidate) => (startMs(candidate) > startMs(latest) ? candidate : latest), begun[0] ?? ring[0]);
}

/** Gives the keys that the document lists at an instant, the current one first. @see docs/protocol.md [KEY-2] [KEY-6] */
export function listedKeys(ring: KeyRing, now: Date): KeyRing {
  const current = currentKey(ring, now);
  const isListed = ({ listedUntil }: RingKey): boolean => listedUntil === null || listedUntil > now;
  return [current, ...ring.filter((candidate) => candidate !== current && isListed(candidate))];
}

/** Tells what a key of a ring is for at an instant. */
export function keyRole(ring: KeyRing, ringKey: RingKey, now: Date): KeyRole {
  if (ringKey.key.kid === currentKey(ring, now).key.kid) return 'current';
  if (isNext(ringKey, now)) return 'next';
  return ringKey.listedUntil === null ? 'listed' : 'former';
}

function isNext({ signsFrom }: RingKey, now: Date): boolean {
  return signsFrom !== null && signsFrom > now;
}
