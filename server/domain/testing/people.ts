import { randomBytes } from 'node:crypto';
import { encodeBase64 } from '../../../protocol/base64.ts';
import { domainOf, parseDomain, parseUserId, usernameOf } from '../../../protocol/ids.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { parseTimestamp } from '../../../protocol/timestamp.ts';
import type { Registration } from '../accounts/accounts.ts';
import type { Account, PasswordHashing, PublicIdentity, SealedVault } from '../ports.ts';

/** The people of the tests of the rules: a.test is the local domain, b.test and c.test are peers. */
export const local = parseDomain('a.test');
export const peer = parseDomain('b.test');
export const otherPeer = parseDomain('c.test');
export const alice = parseUserId('alice@a.test');
export const dave = parseUserId('dave@a.test');
export const bob = parseUserId('bob@b.test');
export const erin = parseUserId('erin@b.test');
export const carol = parseUserId('carol@c.test');

/** Argon2id parameters above the floor. */
export const strongHashing: PasswordHashing = {
  algorithm: 'argon2id',
  salt: encodeBase64(new Uint8Array(16).fill(7)),
  memoryKiB: 65_536,
  iterations: 3,
  parallelism: 1,
};

/** Builds a published identity; its texts have the right form, its signature proves nothing. */
export function publicIdentityOf(userId: UserId, keyVersion = 1): PublicIdentity {
  return {
    userId,
    publicKey: encodeBase64(new Uint8Array(32).fill(keyVersion)),
    signingKey: encodeBase64(new Uint8Array(32).fill(keyVersion + 100)),
    keyVersion,
    createdAt: parseTimestamp('2026-03-01T09:00:00.000Z'),
    bindingSignature: encodeBase64(new Uint8Array(64).fill(keyVersion)),
    previous: [],
  };
}

/** Builds a sealed vault of one counter. */
export function vaultOf(counter: number): SealedVault {
  return { counter, sealed: `sealed ${counter}`, wrappedByPassword: 'by password', wrappedByRecovery: 'by recovery' };
}

/** The 32 bytes that stand for a person's password. */
export function authSecretOf(userId: UserId): Uint8Array {
  return new TextEncoder().encode(usernameOf(userId).padEnd(32, '.'));
}

/** Builds the registration of a person. */
export function registrationOf(userId: UserId, overrides: Partial<Registration> = {}): Registration {
  return {
    username: usernameOf(userId),
    passwordHashing: strongHashing,
    authSecret: authSecretOf(userId),
    publicIdentity: publicIdentityOf(userId),
    vault: vaultOf(1),
    invite: null,
    sourceAddress: '192.0.2.1',
    ...overrides,
  };
}

/** Builds an account as it is stored, for tests that need nothing of it but that it is there. */
export function accountOf(userId: UserId, overrides: Partial<Account> = {}): Account {
  return {
    userId,
    passwordHashing: strongHashing,
    authVerifier: randomBytes(48).toString('base64'),
    publicIdentity: publicIdentityOf(userId),
    createdAt: new Date('2026-03-01T09:00:00.000Z'),
    deactivatedAt: null,
    ...overrides,
  };
}

/** Tells whether a person has an account on the instance under test. */
export function isLocal(userId: UserId): boolean {
  return domainOf(userId) === local;
}
