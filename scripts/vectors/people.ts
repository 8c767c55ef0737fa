import type { JsonObject } from '../../protocol/json.ts';
import { ed25519Key, lines, NOW, signB64, x25519Key } from './fixed.ts';
import type { TestKey } from './fixed.ts';

/** One version of somebody's keys. */
export interface Person {
  readonly userId: string;
  readonly keyVersion: number;
  readonly createdAt: string;
  readonly box: TestKey;
  readonly signing: TestKey;
}

/** Makes the keys of a user id; versions share nothing unless a box key is given. */
export function person(userId: string, keyVersion = 1, box?: TestKey): Person {
  return {
    userId,
    keyVersion,
    createdAt: NOW,
    box: box ?? x25519Key(`${userId} ${keyVersion} X25519`),
    signing: ed25519Key(`${userId} ${keyVersion} Ed25519`),
  };
}

/** Lists the private keys of people for a file of vectors. */
export function keysOf(...people: readonly Person[]): Readonly<Record<string, TestKey>> {
  return Object.fromEntries(
    people.flatMap(({ userId, keyVersion, box, signing }) => [
      [`${userId} ${keyVersion} X25519`, box],
      [`${userId} ${keyVersion} Ed25519`, signing],
    ]),
  );
}

/** Joins the lines that bind an identity, by hand. @see docs/protocol.md [E2E-1] */
export function bindingText({ userId, keyVersion, createdAt, box, signing }: Person): string {
  return lines('securechat-identity-v1', userId, keyVersion, createdAt, box.publicKey, signing.publicKey);
}

/** Joins the lines by which a former key vouches for a version, by hand. @see docs/protocol.md [E2E-1] */
export function nextText({ userId, keyVersion, box, signing }: Person): string {
  return lines('securechat-identity-next-v1', userId, keyVersion, box.publicKey, signing.publicKey);
}

/** Builds what a server answers about somebody, former ones vouching for this version. */
export function identityOf(current: Person, former: readonly Person[] = []): JsonObject {
  const { userId, keyVersion, createdAt, box, signing } = current;
  return {
    publicKey: box.publicKey,
    userId,
    signingKey: signing.publicKey,
    keyVersion,
    createdAt,
    bindingSignature: signB64(signing, bindingText(current)),
    previous: former.map((one) => vouching(one, current)),
  };
}

/** Builds one entry of `previous`. */
export function vouching(former: Person, version: Person): JsonObject {
  return { signingKey: former.signing.publicKey, signature: signB64(former.signing, nextText(version)) };
}
