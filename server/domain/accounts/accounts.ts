import { ProtocolError } from '../../../protocol/errors.ts';
import { domainOf, formatUserId } from '../../../protocol/ids.ts';
import type { Domain, UserId, Username } from '../../../protocol/ids.ts';
import { DomainError } from '../domain-error.ts';
import type { Account, AccountStore, Clock, PasswordHashing, PublicIdentity, SealedVault } from '../ports.ts';
import type { RateLimit } from '../rate-limit.ts';
import { sourceNetwork } from '../source-network.ts';
import { createAuthVerifier, verifyAuthSecret } from './auth-verifier.ts';
import type { InviteStore } from './invites.ts';
import { hashInvite } from './invites.ts';
import { assertStrongHashing, decoyHashing } from './password-hashing.ts';

export type SignupPolicy = 'open' | 'invite' | 'closed';

export interface Registration {
  readonly username: Username;
  readonly passwordHashing: PasswordHashing;
  /** 32 bytes that the browser derived from the password [E2E-11]. */
  readonly authSecret: Uint8Array;
  readonly publicIdentity: PublicIdentity;
  readonly vault: SealedVault;
  readonly invite: string | null;
  readonly sourceAddress: string;
}

export interface Accounts {
  /** @throws DomainError `signup_closed`, `invite_invalid`, `rate_limited`, `username_taken`, `identity_invalid`, `password_hashing_too_weak` */
  register(registration: Registration): Promise<UserId>;
  /** The Argon2id parameters of a name, made up but stable when nobody has it. */
  passwordHashing(username: Username): Promise<PasswordHashing>;
  /** The user id when name and secret belong together, else null, after the same work. @throws DomainError `rate_limited` */
  authenticate(attempt: { username: Username; authSecret: Uint8Array; sourceAddress: string }): Promise<UserId | null>;
  /** @throws ProtocolError `misdirected`, `unknown_user`, `user_gone` @see docs/protocol.md [API-1] */
  publicIdentity(userId: UserId): Promise<PublicIdentity>;
  vault(userId: UserId): Promise<SealedVault>;
  /** @throws DomainError `vault_changed` unless the counter follows the stored one */
  saveVault(userId: UserId, vault: SealedVault): Promise<void>;
  /** Replaces keys after a loss, with the vault that holds the new ones. @throws DomainError `identity_invalid`, `vault_changed` */
  resetIdentity(userId: UserId, identity: PublicIdentity, vault: SealedVault): Promise<void>;
}

export interface AccountsOptions {
  readonly store: AccountStore;
  readonly invites: InviteStore;
  readonly localDomain: Domain;
  readonly signup: SignupPolicy;
  /** Keys the made-up salts; the authentication secret of the instance. */
  readonly decoySecret: string;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly signupLimit: RateLimit;
  readonly signInLimit: RateLimit;
}

/** Creates the verbs about accounts of this instance. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { store, localDomain, clock } = options;
  const userIdOf = (username: Username): UserId => formatUserId(username, localDomain);
  // Compared against when a name is unknown, so that the answer takes the same work.
  const decoyVerifier = createAuthVerifier(options.randomBytes(32), options.randomBytes);

  async function publicIdentity(userId: UserId): Promise<PublicIdentity> {
    if (domainOf(userId) !== localDomain) throw new ProtocolError('misdirected');
    const account = await store.find(userId);
    if (account === null) throw new ProtocolError('unknown_user');
    if (account.deactivatedAt !== null) throw new ProtocolError('user_gone');
    return account.publicIdentity;
  }

  return {
    async register(registration) {
      if (options.signup === 'closed') throw new DomainError('signup_closed');
      takeToken(options.signupLimit, sourceNetwork(registration.sourceAddress));
      assertStrongHashing(registration.passwordHashing);
      const userId = userIdOf(registration.username);
      assertIdentityOf(userId, registration.publicIdentity, 1);
      // Looked at before the invitation is spent, so that a taken name does not cost it.
      if ((await store.find(userId)) !== null) throw new DomainError('username_taken');
      const now = clock.now();
      const account: Account = {
        userId,
        passwordHashing: registration.passwordHashing,
        authVerifier: createAuthVerifier(registration.authSecret, options.randomBytes),
        publicIdentity: registration.publicIdentity,
        createdAt: now,
        deactivatedAt: null,
      };
      if (options.signup === 'invite') {
        const { invite } = registration;
        const spent = invite !== null && (await options.invites.spend(hashInvite(invite), userId, now));
        if (!spent) throw new DomainError('invite_invalid');
      }
      if (!(await store.insert(account, registration.vault))) throw new DomainError('username_taken');
      return userId;
    },

    async passwordHashing(username) {
      const account = await store.find(userIdOf(username));
      const { salt, memoryKiB, iterations, parallelism } = account?.passwordHashing ?? decoyHashing(username, options.decoySecret);
      // Written out, so that the order of members does not tell a made-up answer from a stored one.
      return { algorithm: 'argon2id', salt, memoryKiB, iterations, parallelism };
    },

    async authenticate({ username, authSecret, sourceAddress }) {
      takeToken(options.signInLimit, `${sourceNetwork(sourceAddress)} ${username}`);
      const account = await store.find(userIdOf(username));
      const verified = verifyAuthSecret(authSecret, account?.authVerifier ?? decoyVerifier);
      return account !== null && account.deactivatedAt === null && verified ? account.userId : null;
    },

    publicIdentity,

    async vault(userId) {
      const vault = await store.findVault(userId);
      if (vault === null) throw new ProtocolError('unknown_user');
      return vault;
    },

    async saveVault(userId, vault) {
      if (!(await store.replaceVault(userId, vault, clock.now()))) throw new DomainError('vault_changed');
    },

    async resetIdentity(userId, identity, vault) {
      const current = await publicIdentity(userId);
      assertIdentityOf(userId, identity, current.keyVersion + 1);
      if (!(await store.replaceVault(userId, vault, clock.now()))) throw new DomainError('vault_changed');
      await store.replaceIdentity(userId, identity);
    },
  };
}

function takeToken(limit: RateLimit, key: string): void {
  const retryAfterSeconds = limit.take(key);
  if (retryAfterSeconds !== null) throw new DomainError('rate_limited', retryAfterSeconds);
}

function assertIdentityOf(userId: UserId, identity: PublicIdentity, keyVersion: number): void {
  if (identity.userId !== userId || identity.keyVersion !== keyVersion) throw new DomainError('identity_invalid');
}
