import { compareWithPin } from '../../e2ee/identity.ts';
import type { PublicIdentity } from '../../e2ee/identity.ts';
import type { UserId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import type { Pin, VaultContents } from '../keystore/vault-contents.ts';

/** What a verified identity is to the pin: the first one seen, the same, a successor, or something else. */
type PinChange = 'first' | 'same' | 'rotated' | 'reset';

/** Compares a verified identity with what the vault holds of the same user. @see docs/protocol.md [E2E-2] */
export function comparePin(contents: VaultContents, identity: PublicIdentity): PinChange {
  const pin = findPin(contents, identity.userId);
  return pin === null ? 'first' : compareWithPin({ userId: identity.userId, ...pin }, identity).kind;
}

/**
 * Pins a verified identity: the first one seen as it is; over another it keeps the earlier signing keys, by which older
 * messages are read, and drops verification.
 * @see docs/protocol.md [E2E-2]
 */
export function pinIdentity(contents: VaultContents, identity: PublicIdentity, now: Date): VaultContents {
  const change = comparePin(contents, identity);
  if (change === 'same') return contents;
  const { userId, publicKey, signingKey, keyVersion } = identity;
  const before = findPin(contents, userId);
  const earlier = before === null ? [] : [before.signingKey, ...before.earlier];
  const resetAt = change === 'reset' ? formatTimestamp(now) : (before?.resetAt ?? null);
  const pin: Pin = {
    publicKey,
    signingKey,
    keyVersion,
    earlier: earlier.filter((key, index) => key !== signingKey && earlier.indexOf(key) === index),
    resetAt,
  };
  const verified = Object.entries(contents.verified).filter(([verifiedId]) => verifiedId !== userId);
  return { ...contents, pins: { ...contents.pins, [userId]: pin }, verified: Object.fromEntries(verified) };
}

/** Finds the pin of a user, null where none was seen. */
export function findPin(contents: VaultContents, userId: UserId): Pin | null {
  return Object.hasOwn(contents.pins, userId) ? (contents.pins[userId] ?? null) : null;
}
