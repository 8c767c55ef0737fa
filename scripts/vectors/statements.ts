import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { fixedBytes, lines, NOW, sha256B64, sha256B64Url, signB64 } from './fixed.ts';
import type { TestKey } from './fixed.ts';
import { person } from './people.ts';
import type { Person } from './people.ts';
import { plainJcs } from './plain-jcs.ts';

/** A conversation of a.test. */
export const CONVERSATION_ID = 'AAECAwQFBgcICQoLDA0ODw:a.test';

/** Everyone who appears in conversations; alice owns them, anna lives on her server. */
export const PEOPLE = {
  alice: person('alice@a.test'), anna: person('anna@a.test'), bob: person('bob@b.test'), carol: person('carol@c.test'), dave: person('dave@b.test'),
} as const;

/** A signed statement as a change carries it. */
export type SignedStatement = { readonly membership: JsonObject; readonly membershipSignature: string };

/** Lists somebody in a statement. */
export function listed({ userId, signing }: Person, role: string): JsonObject {
  return { userId, role, signingKey: signing.publicKey };
}

/** Gives the session key of an epoch. */
export function sessionKeyOf(epoch: number): Buffer {
  return fixedBytes(`session key of epoch ${epoch}`, 32);
}

/** Hashes a statement by hand. @see docs/protocol.md [E2E-4] */
export function hashOf(statement: JsonObject): string {
  return sha256B64Url(plainJcs(statement));
}

/** Joins what the actor of a statement signs, by hand. @see docs/protocol.md [E2E-4] */
export function membershipText(statement: JsonObject): string {
  return lines('securechat-membership-v1', sha256B64(plainJcs(statement)));
}

/** Signs a statement, whatever is wrong with it. */
export function signed(membership: JsonObject, key: TestKey): SignedStatement {
  return { membership, membershipSignature: signB64(key, membershipText(membership)) };
}

/** Builds the first statement: alice owns, bob is a member. */
export function founding(changes: JsonObject = {}): JsonObject {
  return {
    v: 1,
    conversationId: CONVERSATION_ID,
    epoch: 1,
    prev: null,
    action: 'create',
    actor: PEOPLE.alice.userId,
    participants: [listed(PEOPLE.alice, 'owner'), listed(PEOPLE.bob, 'member')],
    keyCommitment: commitmentOf(1),
    timestamp: NOW,
    ...changes,
  };
}

/** Builds the statement after another: alice makes a new key for the same people, unless something else is said. */
export function following(previous: JsonObject, changes: JsonObject = {}): JsonObject {
  const epoch = Number(previous['epoch']) + 1;
  const participants: JsonValue = previous['participants'] ?? [];
  return { ...previous, epoch, prev: hashOf(previous), action: 'rotate_key', actor: PEOPLE.alice.userId, participants, keyCommitment: commitmentOf(epoch), ...changes };
}

function commitmentOf(epoch: number): string {
  return sha256B64(Buffer.concat([Buffer.from(`${lines('securechat-key-commitment-v1', CONVERSATION_ID, epoch)}\n`), sessionKeyOf(epoch)]));
}
