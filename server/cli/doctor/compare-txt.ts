import { parseKeyTxt } from '../../../protocol/key-txt.ts';
import type { KeyTxt } from '../../../protocol/key-txt.ts';

/** How the key records in DNS differ from a list of keys. */
export interface TxtDifference {
  /** In DNS and not in the list. */
  readonly stale: readonly KeyTxt[];
  /** In the list and not in DNS. */
  readonly missing: readonly KeyTxt[];
  /** In both under one name, with another key. */
  readonly changed: readonly KeyTxt[];
  /** Records that begin like one of a key and are none. */
  readonly malformed: number;
}

const LOOKS_LIKE_KEY = /^\s*v\s*=\s*sc1\b/;

/** Compares TXT records, chunks joined, with the keys that should be there. @see docs/protocol.md [KEY-4] */
export function compareTxt(records: readonly string[], keys: readonly KeyTxt[]): TxtDifference {
  const parsed = records.map(parseKeyTxt);
  const inDns = parsed.filter((key) => key !== null);
  const same = (left: KeyTxt, right: KeyTxt): boolean => left.kid === right.kid && left.publicKey === right.publicKey;
  const isListed = (key: KeyTxt): boolean => keys.some(({ kid }) => kid === key.kid);
  return {
    stale: inDns.filter((key) => !isListed(key)),
    missing: keys.filter((key) => !inDns.some(({ kid }) => kid === key.kid)),
    changed: inDns.filter((key) => isListed(key) && !keys.some((other) => same(key, other))),
    malformed: records.filter((record, index) => parsed[index] === null && LOOKS_LIKE_KEY.test(record)).length,
  };
}
