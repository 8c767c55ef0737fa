import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import type { UserId } from '../protocol/ids.ts';
import { publicKeyAnswer } from '../protocol/schemas/public-key-answer.ts';
import type { PublicKeyAnswer } from '../protocol/schemas/public-key-answer.ts';
import type { Timestamp } from '../protocol/timestamp.ts';
import { encodeLines } from './bytes.ts';
import { isStrictPoint } from './ed25519-encoding.ts';
import type { RandomBytes } from './random.ts';
import { ed25519KeyPair, x25519KeyPair, x25519SharedSecret } from './strict-nacl.ts';
import { signToText, verifySignature } from './text-signature.ts';

/**
 * One version of a user's own keys: `publicKey` and `secretKey` X25519 (32 bytes each), `signingKey` (32) and
 * `signingSecretKey` (64) Ed25519. Never leaves the browser but sealed in the vault.
 * @see docs/protocol.md [E2E-1]
 */
export interface IdentityKeys {
  readonly userId: UserId;
  readonly keyVersion: number;
  readonly createdAt: Timestamp;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
  readonly signingKey: Uint8Array;
  readonly signingSecretKey: Uint8Array;
}

/** A former signing key and its signature over a later version; both b64. @see docs/protocol.md [E2E-1] */
interface FormerSigningKey {
  readonly signingKey: string;
  readonly signature: string;
}

/** What a user's server publishes of the keys, all b64. @see docs/protocol.md [API-1] [E2E-1] */
export interface PublicIdentity {
  readonly userId: UserId;
  readonly publicKey: string;
  readonly signingKey: string;
  readonly keyVersion: number;
  readonly createdAt: Timestamp;
  readonly bindingSignature: string;
  readonly previous: readonly FormerSigningKey[];
}

/** What a server answers about a user, as the schema reads it or as this floor made it. @see docs/protocol.md [API-1] */
type IdentityAnswer = Omit<PublicKeyAnswer, 'previous'> & { readonly previous?: readonly FormerSigningKey[] };

/** What is kept of the identity that was seen first or accepted last. @see docs/protocol.md [E2E-2] */
export type PinnedIdentity = Pick<PublicIdentity, 'userId' | 'publicKey' | 'signingKey' | 'keyVersion'>;

/** Why an answer is not believed; one that is `unbound` lacks the members of the Full profile, as a Core server's does. */
type IdentityRefusal = 'malformed' | 'unbound' | 'wrong_user' | 'weak_key' | 'bad_signature';

/** Whether an answer is a user's identity. */
type IdentityVerdict =
  | { readonly verified: true; readonly identity: PublicIdentity }
  | { readonly verified: false; readonly reason: IdentityRefusal };

/**
 * Makes both keys of one version, `keyVersion` counting from 1. The first identity, a rotation and a reset are all made
 * by this: the latter two with the next version, and what tells them apart is whether the former keys vouch for the
 * new ones in {@link publicIdentityOf}.
 * @see docs/protocol.md [E2E-1]
 */
export function createIdentity(options: {
  readonly userId: UserId;
  readonly keyVersion: number;
  readonly createdAt: Timestamp;
  readonly random: RandomBytes;
}): IdentityKeys {
  const { userId, keyVersion, createdAt, random } = options;
  const box = x25519KeyPair(random);
  const sign = ed25519KeyPair(random);
  return {
    userId,
    keyVersion,
    createdAt,
    publicKey: box.publicKey,
    secretKey: box.secretKey,
    signingKey: sign.publicKey,
    signingSecretKey: sign.secretKey,
  };
}

/**
 * Signs and gives the public part. After a rotation `former` holds the keys of earlier versions, newest first, and each
 * of them vouches for this version itself: so a pin of any age can be checked with nothing but the answer. After a
 * reset it is empty.
 * @see docs/protocol.md [E2E-1]
 */
export function publicIdentityOf(keys: IdentityKeys, former: readonly IdentityKeys[] = []): PublicIdentity {
  const { userId, keyVersion, createdAt } = keys;
  const texts = { publicKey: encodeBase64(keys.publicKey), signingKey: encodeBase64(keys.signingKey) };
  const next = nextInput({ userId, keyVersion, ...texts });
  return {
    userId,
    ...texts,
    keyVersion,
    createdAt,
    bindingSignature: signToText(keys.signingSecretKey, bindingInput({ userId, keyVersion, createdAt, ...texts })),
    previous: former.map(({ signingKey, signingSecretKey }) => ({
      signingKey: encodeBase64(signingKey),
      signature: signToText(signingSecretKey, next),
    })),
  };
}

/**
 * Verifies what a server answered for `userId`: that it is complete, about this user, has usable keys and is signed by
 * its own signing key. Whether it is the user one knows is then said by {@link compareWithPin}.
 * @see docs/protocol.md [API-1] [E2E-1]
 */
export function verifyPublicIdentity(userId: UserId, answer: IdentityAnswer): IdentityVerdict {
  if (!publicKeyAnswer.safeParse(answer).success) return { verified: false, reason: 'malformed' };
  const { publicKey, signingKey, keyVersion, createdAt, bindingSignature, previous } = answer;
  if (
    answer.userId === undefined ||
    signingKey === undefined ||
    keyVersion === undefined ||
    createdAt === undefined ||
    bindingSignature === undefined
  ) {
    return { verified: false, reason: 'unbound' };
  }
  if (answer.userId !== userId) return { verified: false, reason: 'wrong_user' };
  if (!isUsableBoxKey(publicKey) || !isUsableSigningKey(signingKey)) return { verified: false, reason: 'weak_key' };
  const message = bindingInput({ userId, keyVersion, createdAt, publicKey, signingKey });
  if (!verifySignature({ signingKey, message, signature: bindingSignature })) {
    return { verified: false, reason: 'bad_signature' };
  }
  const identity = { userId, publicKey, signingKey, keyVersion, createdAt, bindingSignature, previous: previous ?? [] };
  return { verified: true, identity };
}

/**
 * Compares a verified identity with the pin of the same user: `same` keys, `rotated` by the holder of the pinned
 * signing key to a higher version, or a `reset`, which is everything else, an older version included.
 * @see docs/protocol.md [E2E-1] [E2E-2]
 */
export function compareWithPin(
  pin: PinnedIdentity,
  identity: PublicIdentity,
): { readonly kind: 'same' | 'rotated' | 'reset' } {
  if (pin.userId !== identity.userId) return { kind: 'reset' };
  const sameSigningKey = pin.signingKey === identity.signingKey;
  if (sameSigningKey && pin.publicKey === identity.publicKey) return { kind: 'same' };
  // The binding signature of an unchanged signing key vouches for a new identity key as well as a cross-signature.
  const vouchedFor = sameSigningKey || isSuccessorOf(identity, pin.signingKey);
  return { kind: vouchedFor && identity.keyVersion > pin.keyVersion ? 'rotated' : 'reset' };
}

/**
 * Tells whether the holder of `formerSigningKey` (b64) handed over to this verified identity: by a signature over this
 * very version, or step by step over the versions between, for as long as their unpublished identity key is this one's.
 * Only this direction proves anything: whoever publishes an identity can list keys of their own as former ones.
 * @see docs/protocol.md [E2E-1]
 */
export function isSuccessorOf(identity: PublicIdentity, formerSigningKey: string): boolean {
  const { userId, keyVersion, publicKey, previous } = identity;
  const start = previous.findIndex(({ signingKey }) => signingKey === formerSigningKey);
  // Newest first: entry i is the signing key of version keyVersion − 1 − i and vouches for the one after it.
  for (const [steps, entry] of [...previous.slice(0, start + 1).entries()].reverse()) {
    if (verifySignature({ ...entry, message: nextInput(identity) })) return true;
    const after = previous[steps - 1];
    if (after === undefined) return false;
    const version = { userId, keyVersion: keyVersion - steps, publicKey, signingKey: after.signingKey };
    if (!verifySignature({ ...entry, message: nextInput(version) })) return false;
  }
  return false;
}

function bindingInput(identity: Omit<PublicIdentity, 'bindingSignature' | 'previous'>): Uint8Array {
  const { userId, keyVersion, createdAt, publicKey, signingKey } = identity;
  return encodeLines('securechat-identity-v1', userId, keyVersion, createdAt, publicKey, signingKey);
}

function nextInput({ userId, keyVersion, publicKey, signingKey }: PinnedIdentity): Uint8Array {
  return encodeLines('securechat-identity-next-v1', userId, keyVersion, publicKey, signingKey);
}

function isUsableSigningKey(signingKey: string): boolean {
  return isStrictPoint(decodeBase64(signingKey));
}

function isUsableBoxKey(publicKey: string): boolean {
  // A public key gives zero for every secret or for none, so any secret shows it.
  return x25519SharedSecret(new Uint8Array(32), decodeBase64(publicKey)) !== null;
}
