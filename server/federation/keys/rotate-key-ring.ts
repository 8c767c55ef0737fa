import { MAX_LISTED_KEYS } from '../../../protocol/limits.ts';
import { keyRole, listedKeys } from './key-ring.ts';
import type { KeyRing } from './key-ring.ts';
import { OwnKeyError } from './own-key-error.ts';
import { readSigningKey } from './signing-key.ts';

/** Is the overlap before a next key signs: every fresh copy of the document has been fetched anew by then. @see docs/protocol.md [KEY-5] [KEY-6] */
export const SIGN_AFTER_SECONDS = 3_600;

/** Is the shortest time for which a key stays listed after it signed last. @see docs/protocol.md [KEY-6] */
export const MIN_LISTED_AFTER_SECONDS = 86_400;

/** When the next key, a secret `pem`, signs, counted from `now`, and how long its predecessor stays listed after that. */
interface Rotation {
  readonly now: Date;
  readonly pem: string;
  readonly signAfterSeconds: number;
  readonly listForSeconds: number;
}

/**
 * Adds the next key, listed from now on, and sets the end of the current one; keys that are no longer listed are left
 * out. Throws {@link OwnKeyError} where a next key waits already or eight keys are listed.
 * @see docs/protocol.md [KEY-6]
 */
export function rotateKeyRing(ring: KeyRing, { now, pem, signAfterSeconds, listForSeconds }: Rotation): KeyRing {
  const [current, ...others] = listedKeys(ring, now);
  if (others.some((other) => keyRole(ring, other, now) === 'next')) throw new OwnKeyError('next_listed');
  if (others.length + 2 > MAX_LISTED_KEYS) throw new OwnKeyError('too_many');
  const signsFrom = new Date(now.getTime() + signAfterSeconds * 1_000);
  const listedUntil = new Date(signsFrom.getTime() + listForSeconds * 1_000);
  return [{ ...current, listedUntil }, { pem, key: readSigningKey(pem), signsFrom, listedUntil: null }, ...others];
}

/** Gives a ring of one new key that signs at once. All former ones go: who read one of a file has read them all. @see docs/protocol.md [KEY-6] */
export function replaceKeyRing(pem: string): KeyRing {
  return [{ pem, key: readSigningKey(pem), signsFrom: null, listedUntil: null }];
}
