import { encodeBase64 } from '../../protocol/base64.ts';
import { parseConversationId, parseMessageId, parseUserId } from '../../protocol/ids.ts';
import type { MemberRole, MembershipParticipant, MembershipStatement } from '../../protocol/schemas/membership-statement.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import { encodeUtf8 } from '../bytes.ts';
import { createIdentity } from '../identity.ts';
import type { IdentityKeys } from '../identity.ts';
import { createStatement } from '../membership.ts';
import type { RandomBytes } from '../random.ts';
import { keyCommitment } from '../session-key.ts';
import { sha512 } from '../strict-nacl.ts';

/** Creates a source of the same bytes for the same seed, so that a failing test fails again. */
export function seededRandom(seed: string): RandomBytes {
  let block = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 64) {
      block += 1;
      bytes.set(sha512(encodeUtf8(`${seed} ${block}`)).subarray(0, Math.min(64, length - at)), at);
    }
    return bytes;
  };
}

/** The moment at which the people of the tests live. */
export const NOON = parseTimestamp('2026-11-22T12:00:00.000Z');
/** A conversation owned by a.test. */
export const CONVERSATION = parseConversationId('AAAAAAAAAAAAAAAAAAAAAA:a.test');
/** Another conversation owned by a.test. */
export const OTHER_CONVERSATION = parseConversationId('BBBBBBBBBBBBBBBBBBBBBA:a.test');
/** The id of a message. */
export const MESSAGE_ID = parseMessageId('0193a000-0000-7000-8000-000000000001');
/** The id of another message. */
export const OTHER_MESSAGE_ID = parseMessageId('0193a000-0000-7000-8000-000000000002');

/** Makes the keys of a user id. */
export function person(userId: string, keyVersion = 1): IdentityKeys {
  const random = seededRandom(`${userId} ${keyVersion}`);
  return createIdentity({ userId: parseUserId(userId), keyVersion, createdAt: NOON, random });
}

/** Lists somebody in a statement. */
export function participant(keys: IdentityKeys, role: MemberRole): MembershipParticipant {
  return { userId: keys.userId, role, signingKey: signingKeyOf(keys) };
}

/** Gives the b64 text of somebody's signing key. */
export function signingKeyOf(keys: IdentityKeys): string {
  return encodeBase64(keys.signingKey);
}

/** Builds the founding statement of {@link CONVERSATION}. */
export async function foundingStatement(options: {
  readonly owner: IdentityKeys;
  readonly participants: readonly MembershipParticipant[];
  readonly sessionKey: Uint8Array;
}): Promise<MembershipStatement> {
  const { owner, participants, sessionKey } = options;
  return createStatement({
    conversationId: CONVERSATION,
    previous: null,
    action: 'create',
    actor: owner.userId,
    participants,
    keyCommitment: await keyCommitment({ conversationId: CONVERSATION, epoch: 1, sessionKey }),
    timestamp: NOON,
  });
}
