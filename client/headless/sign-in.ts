import { createIdentity, publicIdentityOf } from '../../e2ee/identity.ts';
import type { RandomBytes } from '../../e2ee/random.ts';
import { sealVault, splitPasswordHash, unwrapVaultKey, wrapVaultKey } from '../../e2ee/vault.ts';
import { encodeBase64 } from '../../protocol/base64.ts';
import { formatUserId, parseDomain, parseUsername } from '../../protocol/ids.ts';
import type { UserId, Username } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { ClientError } from '../client-error.ts';
import { createPasswordHashing, isAcceptableHashing } from '../keystore/argon2.ts';
import type { HashPassword } from '../keystore/argon2.ts';
import type { Keystore, OpenAccount } from '../keystore/keystore.ts';
import { formatRecoveryKey } from '../keystore/recovery-key.ts';
import { mergeVaultContents, vaultContentsToJson } from '../keystore/vault-contents.ts';
import type { VaultContents } from '../keystore/vault-contents.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance } from '../trpc/instance-error.ts';
import type { ClientClock } from './clock.ts';
import type { Credentials } from './credentials.ts';
import { openSealedVault } from './vault-keeper.ts';
import type { SealedVault } from './vault-keeper.ts';

/** What signing in and registering need. */
export interface SignInParts {
  readonly api: InstanceClient;
  readonly credentials: Credentials;
  readonly keystore: Keystore;
  readonly hashPassword: HashPassword;
  readonly random: RandomBytes;
  readonly clock: ClientClock;
}

const MIN_PASSWORD_LENGTH = 8;
const KEY_BYTES = 32;

/**
 * Makes an account: identity, vault and recovery key here, and only what is public or sealed for the server; then signs
 * in. The recovery key is shown once and kept nowhere.
 * @see docs/protocol.md [E2E-1] [E2E-11]
 */
export async function register(
  parts: SignInParts,
  input: { readonly username: string; readonly password: string; readonly invite?: string },
): Promise<{ readonly account: OpenAccount; readonly recoveryKey: string }> {
  const { api, credentials, random } = parts;
  const username = usernameOf(input.username);
  if ([...input.password].length < MIN_PASSWORD_LENGTH) throw new ClientError('password_too_short');
  const { domain } = await callInstance(api.instance.info.query());
  const userId = formatUserId(username, parseDomain(domain));
  const passwordHashing = createPasswordHashing(random);
  const secrets = await splitPasswordHash(await parts.hashPassword(input.password, passwordHashing));
  const recoveryKey = random(KEY_BYTES);
  const { account, vault } = await createVault(parts, { userId, wrappingKey: secrets.wrappingKey, recoveryKey });
  const invite = input.invite === undefined ? {} : { invite: input.invite };
  const publicIdentity = publicInput(account.contents);
  const authSecret = encodeBase64(secrets.authSecret);
  await callInstance(api.account.register.mutate({ username, passwordHashing, authSecret, publicIdentity, vault, ...invite }));
  await credentials.signIn({ username, authSecret: secrets.authSecret });
  await adopt(parts.keystore, account);
  return { account, recoveryKey: formatRecoveryKey(recoveryKey) };
}

/**
 * Signs in and opens the vault. The password stays here: the server gets the authentication secret, and only under
 * parameters that are costly enough.
 * @see docs/protocol.md [E2E-11]
 */
export async function signIn(
  parts: SignInParts,
  input: { readonly username: string; readonly password: string },
): Promise<OpenAccount> {
  const { api, credentials, keystore } = parts;
  const username = usernameOf(input.username);
  const passwordHashing = await callInstance(api.account.passwordHashing.query({ username }));
  if (!isAcceptableHashing(passwordHashing)) throw new ClientError('vault_refused', { reason: 'password_hashing_too_weak' });
  const { authSecret, wrappingKey } = await splitPasswordHash(await parts.hashPassword(input.password, passwordHashing));
  await credentials.signIn({ username, authSecret });
  try {
    const account = await openRemoteVault(parts, wrappingKey);
    await adopt(keystore, account);
    return account;
  } catch (error) {
    // A session without keys is of no use to anybody.
    await credentials.signOut().catch(() => undefined);
    throw error;
  }
}

/** Gives an identity's public part in the shape of the server's input. */
export function publicInput({ identity }: Pick<VaultContents, 'identity'>) {
  const { previous, ...members } = publicIdentityOf(identity);
  return { ...members, previous: [...previous] };
}

async function createVault(
  { random, clock }: SignInParts,
  keys: { readonly userId: UserId; readonly wrappingKey: Uint8Array; readonly recoveryKey: Uint8Array },
): Promise<{ readonly account: OpenAccount; readonly vault: SealedVault & { readonly counter: 1 } }> {
  const { userId } = keys;
  const identity = createIdentity({ userId, keyVersion: 1, createdAt: formatTimestamp(clock.now()), random });
  const contents: VaultContents = { identity, former: [], pins: {}, verified: {}, labels: {} };
  const vaultKey = random(KEY_BYTES);
  const counter = 1;
  const json = vaultContentsToJson(contents);
  const sealed = await sealVault({ contents: json, userId, keyVersion: 1, counter, vaultKey, random });
  const wrappedByPassword = await wrapVaultKey({ vaultKey, wrappingKey: keys.wrappingKey, userId, random });
  const wrappedByRecovery = await wrapVaultKey({ vaultKey, wrappingKey: keys.recoveryKey, userId, random });
  return {
    account: { userId, vaultKey, wrappedByPassword, wrappedByRecovery, counter, contents, unsavedEdits: 0 },
    vault: { counter, sealed, wrappedByPassword, wrappedByRecovery },
  };
}

async function openRemoteVault({ api, keystore }: SignInParts, wrappingKey: Uint8Array): Promise<OpenAccount> {
  const [me, vault] = await Promise.all([callInstance(api.account.me.query()), callInstance(api.account.vault.query())]);
  const { userId } = me;
  const vaultKey = await unwrapVaultKey({ wrappedVaultKey: vault.wrappedByPassword, wrappingKey, userId });
  if (vaultKey === null) throw new ClientError('vault_refused', { reason: 'altered' });
  const kept = await keystore.findAccount();
  const seen = kept?.userId === userId ? kept : null;
  const opened = await openSealedVault(vault, { userId, vaultKey, seen });
  const { publicKey, signingKey } = opened.contents.identity;
  // Others are told the server's answer: another key there would make it the reader of what they write.
  const isPublished =
    me.publicIdentity.publicKey === encodeBase64(publicKey) && me.publicIdentity.signingKey === encodeBase64(signingKey);
  if (!isPublished) throw new ClientError('vault_refused', { reason: 'foreign' });
  if (seen === null) return opened;
  return { ...opened, contents: mergeVaultContents(opened.contents, seen.contents), unsavedEdits: seen.unsavedEdits };
}

/** Whoever used this device before leaves nothing to the next. */
async function adopt(keystore: Keystore, account: OpenAccount): Promise<void> {
  const kept = await keystore.findAccount();
  if (kept?.userId !== account.userId) await keystore.wipe();
  await keystore.saveAccount(account);
}

function usernameOf(text: string): Username {
  try {
    return parseUsername(text.trim().toLowerCase());
  } catch (cause) {
    throw new ClientError('username_invalid', { cause });
  }
}
