import { decodeBase64 } from '../../protocol/base64.ts';
import { parseConversationId, parseUserId } from '../../protocol/ids.ts';
import { canonicalizeJson } from '../../protocol/json.ts';
import type { MembershipStatement } from '../../protocol/schemas/membership-statement.ts';
import { concatBytes, encodeLines } from '../../e2ee/bytes.ts';
import { sha256Base64 } from '../../e2ee/hashes.ts';
import { compareWithPin, isSuccessorOf, verifyPublicIdentity } from '../../e2ee/identity.ts';
import type { PinnedIdentity, PublicIdentity } from '../../e2ee/identity.ts';
import { verifyLeave } from '../../e2ee/leave.ts';
import type { Leave } from '../../e2ee/leave.ts';
import { membershipHash, signMembership, verifyFirstStatement, verifyNextStatement } from '../../e2ee/membership.ts';
import type { MembershipVerdict } from '../../e2ee/membership.ts';
import type { RandomBytes } from '../../e2ee/random.ts';
import { safetyNumber } from '../../e2ee/safety-number.ts';
import { keyCommitment, unwrapSessionKey, wrapSessionKey } from '../../e2ee/session-key.ts';
import { ed25519KeyPairFromSeed, WeakPublicKeyError, x25519KeyPairFromSecretKey, x25519SharedSecret } from '../../e2ee/strict-nacl.ts';
import { accepted, refused } from './outcome.ts';
import type { Judge, VectorContext } from './outcome.ts';
import { bytesOf, hex } from './text-judges.ts';

type Answer = Parameters<typeof verifyPublicIdentity>[1];
type Party = Parameters<typeof safetyNumber>[0];

interface Chain {
  readonly pins: Readonly<Record<string, readonly string[]>>;
  readonly identities: readonly Answer[];
  readonly statements: readonly { readonly membership: MembershipStatement; readonly membershipSignature: string }[];
}

/** Gives prepared bytes where a function asks for random ones, and refuses other lengths. */
export function prepared(...chunks: readonly Uint8Array[]): RandomBytes {
  const left = [...chunks];
  return (length) => {
    const chunk = left.shift();
    if (chunk?.length !== length) throw new RangeError(`${length} bytes were not prepared.`);
    return chunk;
  };
}

/** Gives the secret signing key of a private test key. */
export function signingSecretKeyOf(keys: VectorContext['keys'], name: string): Uint8Array {
  return ed25519KeyPairFromSeed(bytesOf(keys[name]?.privateHex ?? '')).secretKey;
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const safetyNumbers = new Map<string, string>();

/** Judges identities, session keys, memberships and safety numbers. */
export const PEOPLE_JUDGES: Readonly<Record<string, Judge>> = {
  IdentityBinding({ userId, answer }: { userId: string; answer: Answer }) {
    const verdict = verifyPublicIdentity(parseUserId(userId), answer);
    if (!verdict.verified) return refused({ reason: verdict.reason });
    const { keyVersion, createdAt, publicKey, signingKey, previous } = verdict.identity;
    const vouching = previous.filter((former) => isSuccessorOf(verdict.identity, former.signingKey));
    const nextText = textOf(encodeLines('securechat-identity-next-v1', userId, keyVersion, publicKey, signingKey));
    return accepted({ bindingText: textOf(encodeLines('securechat-identity-v1', userId, keyVersion, createdAt, publicKey, signingKey)), nextTexts: vouching.map(() => nextText) });
  },

  PinComparison({ pin, identity }: { pin: PinnedIdentity; identity: PublicIdentity }) {
    const verdict = compareWithPin(pin, verified(identity)).kind;
    return verdict === 'reset' ? refused({ reason: verdict }) : accepted({ verdict });
  },

  WrapSessionKey({ sessionKeyHex, recipientPublicKey, ephemeralSecretHex, nonceHex }: { sessionKeyHex: string; recipientPublicKey: string; ephemeralSecretHex: string; nonceHex: string }) {
    const [sessionKey, secret, recipient] = [bytesOf(sessionKeyHex), bytesOf(ephemeralSecretHex), decodeBase64(recipientPublicKey)];
    try {
      const encryptedSessionKey = wrapSessionKey({ sessionKey, recipientPublicKey: recipient, random: prepared(secret, bytesOf(nonceHex)) });
      const shared = x25519SharedSecret(secret, recipient) ?? new Uint8Array();
      return accepted({ ephemeralPublicKeyHex: hex(x25519KeyPairFromSecretKey(secret).publicKey), sharedSecretHex: hex(shared), encryptedSessionKey });
    } catch (error) {
      if (error instanceof WeakPublicKeyError) return refused({ reason: 'all_zero_shared_secret' });
      throw error;
    }
  },

  UnwrapSessionKey({ encryptedSessionKey, recipientSecretHex }: { encryptedSessionKey: string; recipientSecretHex: string }) {
    const sessionKey = unwrapSessionKey({ encryptedSessionKey, recipientSecretKey: bytesOf(recipientSecretHex) });
    return sessionKey === null ? refused({ reason: 'not_unwrapped' }) : accepted({ sessionKeyHex: hex(sessionKey) });
  },

  async KeyCommitment(input: { conversationId: string; epoch: number; sessionKeyHex: string; keyCommitment: string }) {
    const { epoch, sessionKeyHex } = input;
    const [conversationId, sessionKey] = [parseConversationId(input.conversationId), bytesOf(sessionKeyHex)];
    if ((await keyCommitment({ conversationId, epoch, sessionKey })) !== input.keyCommitment) return refused({ reason: 'commitment_mismatch' });
    return accepted({ hashedHex: hex(concatBytes(encodeLines('securechat-key-commitment-v1', conversationId, epoch, ''), sessionKey)) });
  },

  async MembershipStatement({ membership, key }: { membership: MembershipStatement; key: string }, { keys }: VectorContext) {
    const canonical = canonicalizeJson(membership);
    const signedText = textOf(encodeLines('securechat-membership-v1', await sha256Base64(canonical)));
    const membershipSignature = await signMembership({ statement: membership, signingSecretKey: signingSecretKeyOf(keys, key) });
    return accepted({ canonical, hash: await membershipHash(membership), signedText, membershipSignature });
  },

  async MembershipChain({ pins, identities, statements }: Chain) {
    const actorIdentities = identities.map(verified);
    const hashes: string[] = [];
    for (const [index, { membership, membershipSignature: signature }] of statements.entries()) {
      const previous = statements[index - 1]?.membership;
      const verdict: MembershipVerdict =
        previous === undefined
          ? await verifyFirstStatement({ statement: membership, signature, actorSigningKeys: pins[membership.actor] ?? [] })
          : await verifyNextStatement({ previous, next: membership, signature, actorIdentities });
      if (!verdict.verified) return refused({ reason: verdict.reason, pointer: `/statements/${index}` });
      hashes.push(verdict.statementHash);
    }
    return accepted({ hashes });
  },

  SafetyNumber({ parties, safetyNumber: stated }: { parties: readonly [Party, Party]; safetyNumber: string }) {
    const name = JSON.stringify(parties);
    const digits = safetyNumbers.get(name) ?? safetyNumber(...parties);
    safetyNumbers.set(name, digits);
    const texts = parties.map(({ userId, publicKey, signingKey }) => textOf(encodeLines('securechat-safety-v1', userId, publicKey, signingKey)));
    return digits === stated ? accepted({ texts }) : refused({ reason: 'mismatch' });
  },

  async LeaveSignature(input: Leave & { signingKey: string; leaveSignature: string }) {
    const { conversationId, userId, epoch, timestamp, signingKey, leaveSignature: signature } = input;
    if (!(await verifyLeave({ leave: input, signature, signingKey }))) return refused({ reason: 'bad_signature' });
    return accepted({ signedText: textOf(encodeLines('securechat-leave-v1', conversationId, userId, epoch, timestamp)) });
  },
};

/** Verifies an identity that the vector states as good. */
function verified(answer: Answer): PublicIdentity {
  const verdict = answer.userId === undefined ? null : verifyPublicIdentity(answer.userId, answer);
  if (verdict?.verified !== true) throw new Error('The identity of the vector does not verify.');
  return verdict.identity;
}
