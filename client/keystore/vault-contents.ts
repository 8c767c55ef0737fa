import * as z from 'zod';
import { identityKeysFromJson, identityKeysToJson } from '../../e2ee/identity-json.ts';
import type { IdentityKeys } from '../../e2ee/identity.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { base64Field, conversationIdField, timestampField, userIdField } from '../../protocol/schemas/fields.ts';

const KEY_BYTES = 32;

const pin = z.object({
  publicKey: base64Field(KEY_BYTES),
  signingKey: base64Field(KEY_BYTES),
  keyVersion: z.int().min(1),
  /** Signing keys pinned before this one, newest first. */
  earlier: z.array(base64Field(KEY_BYTES)),
  /** When this client saw keys that the ones before did not vouch for; null while that never happened. */
  resetAt: timestampField.nullable(),
});

const label = z.object({ text: z.string().nullable(), changedAt: timestampField });

const vaultJson = z.object({
  v: z.literal(1),
  identity: z.json(),
  former: z.array(z.json()),
  pins: z.record(userIdField, pin),
  verified: z.record(userIdField, base64Field(KEY_BYTES)),
  labels: z.record(conversationIdField, label),
});

/** The keys that a contact was first seen with, or changed to since. @see docs/protocol.md [E2E-2] */
export type Pin = Readonly<z.infer<typeof pin>>;

/**
 * What a person's vault holds: own keys with the former ones (newest first), pins by user id, the signing key under
 * which a contact was compared, private labels of conversations.
 * @see docs/protocol.md [E2E-11]
 */
export interface VaultContents {
  readonly identity: IdentityKeys;
  readonly former: readonly IdentityKeys[];
  readonly pins: Readonly<Record<string, Pin>>;
  readonly verified: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, Readonly<z.infer<typeof label>>>>;
}

/** Writes contents as the JSON that is sealed. */
export function vaultContentsToJson(contents: VaultContents): JsonObject {
  return {
    v: 1,
    identity: identityKeysToJson(contents.identity),
    former: contents.former.map(identityKeysToJson),
    pins: contents.pins,
    verified: contents.verified,
    labels: contents.labels,
  };
}

/** Reads what {@link vaultContentsToJson} wrote about this user, null where it is anything else. */
export function vaultContentsFromJson(userId: UserId, json: JsonValue): VaultContents | null {
  const parsed = vaultJson.safeParse(json);
  if (!parsed.success) return null;
  const identity = readIdentity(userId, parsed.data.identity);
  const former = parsed.data.former.map((keys) => readIdentity(userId, keys));
  if (identity === null || former.includes(null)) return null;
  const { pins, verified, labels } = parsed.data;
  return { identity, former: former.filter((keys) => keys !== null), pins, verified, labels };
}

/**
 * Joins what two devices wrote: the higher identity, every pin (of two, the higher key version, else ours), only the
 * comparisons that still fit a pin, of two labels the later.
 */
export function mergeVaultContents(theirs: VaultContents, ours: VaultContents): VaultContents {
  const [newest, other] = ours.identity.keyVersion >= theirs.identity.keyVersion ? [ours, theirs] : [theirs, ours];
  const pins = mergeRecords(theirs.pins, ours.pins, (their, our) => (their.keyVersion > our.keyVersion ? their : our));
  const verified = Object.entries({ ...theirs.verified, ...ours.verified });
  return {
    identity: newest.identity,
    former: mergeFormer(newest, other),
    pins,
    verified: Object.fromEntries(verified.filter(([userId, key]) => pins[userId]?.signingKey === key)),
    labels: mergeRecords(theirs.labels, ours.labels, (their, our) => (their.changedAt > our.changedAt ? their : our)),
  };
}

function mergeFormer(newest: VaultContents, other: VaultContents): readonly IdentityKeys[] {
  const byVersion = new Map([other.identity, ...other.former, ...newest.former].map((keys) => [keys.keyVersion, keys]));
  byVersion.delete(newest.identity.keyVersion);
  return [...byVersion.values()].sort((a, b) => b.keyVersion - a.keyVersion);
}

function mergeRecords<Value>(
  theirs: Readonly<Record<string, Value>>,
  ours: Readonly<Record<string, Value>>,
  choose: (their: Value, our: Value) => Value,
): Readonly<Record<string, Value>> {
  const merged = { ...theirs };
  for (const [name, our] of Object.entries(ours)) {
    const their = merged[name];
    merged[name] = their === undefined ? our : choose(their, our);
  }
  return merged;
}

function readIdentity(userId: UserId, json: JsonValue): IdentityKeys | null {
  const keys = identityKeysFromJson(json);
  return keys?.userId === userId ? keys : null;
}
