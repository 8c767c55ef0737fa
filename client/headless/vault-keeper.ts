import type { RandomBytes } from '../../e2ee/random.ts';
import { openVault, sealVault } from '../../e2ee/vault.ts';
import { ClientError } from '../client-error.ts';
import type { Keystore, OpenAccount } from '../keystore/keystore.ts';
import { createMemoryLocks } from '../keystore/locks.ts';
import { mergeVaultContents, vaultContentsFromJson, vaultContentsToJson } from '../keystore/vault-contents.ts';
import type { VaultContents } from '../keystore/vault-contents.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance, clientErrorOf } from '../trpc/instance-error.ts';

/** Keeps the vault of the person signed in: here at once, at the own server as soon as it answers. */
export interface VaultKeeper {
  account(): OpenAccount;
  contents(): VaultContents;
  /** Changes the contents on this device; what `save` then sends. */
  change(edit: (contents: VaultContents) => VaultContents): Promise<void>;
  /** Saves unsaved changes at the server; where another device was faster, joins with what it wrote. */
  save(): Promise<void>;
  /** Reads the server's vault and joins it with this device's; rejects with `vault_refused`. */
  refresh(): Promise<void>;
  /** Seals new contents for the next counter and hands them to `send`; what it accepts becomes the account. */
  replace(edit: (contents: VaultContents) => VaultContents, send: SendVault): Promise<void>;
}

/** Sends a sealed vault together with what belongs to the same step. */
type SendVault = (vault: SealedVault, contents: VaultContents) => Promise<unknown>;

/** A vault as the server keeps it. */
export interface SealedVault {
  readonly counter: number;
  readonly sealed: string;
  readonly wrappedByPassword: string;
  readonly wrappedByRecovery: string;
}

const MAX_ATTEMPTS = 5;

/** Opens a vault that the server answered; rejects with `vault_refused` where it is older, foreign, altered or unknown. */
export async function openSealedVault(
  vault: SealedVault,
  options: { readonly userId: OpenAccount['userId']; readonly vaultKey: Uint8Array; readonly seen: OpenAccount | null },
): Promise<OpenAccount> {
  const { userId, vaultKey, seen } = options;
  const opened = await openVault({
    sealed: vault.sealed,
    userId,
    vaultKey,
    ...(seen === null ? {} : { newestSeen: { keyVersion: seen.contents.identity.keyVersion, counter: seen.counter } }),
  });
  if (!opened.opened) throw new ClientError('vault_refused', { reason: opened.reason });
  const contents = vaultContentsFromJson(userId, opened.contents);
  if (contents === null || opened.counter !== vault.counter) throw new ClientError('vault_refused', { reason: 'altered' });
  const { wrappedByPassword, wrappedByRecovery } = vault;
  return { userId, vaultKey, wrappedByPassword, wrappedByRecovery, counter: opened.counter, contents, unsavedEdits: 0 };
}

/** Creates the keeper of an account that the keystore holds. */
export function createVaultKeeper(options: {
  readonly account: OpenAccount;
  readonly api: InstanceClient;
  readonly keystore: Keystore;
  readonly random: RandomBytes;
}): VaultKeeper {
  const { api, keystore, random } = options;
  let current = options.account;
  // One exchange with the server after the other: each continues from the counter of the one before.
  const oneByOne = createMemoryLocks();

  async function update(edit: (account: OpenAccount) => OpenAccount): Promise<void> {
    const updated = await keystore.updateAccount(edit);
    if (updated === null) throw new ClientError('signed_out');
    current = updated;
  }

  async function refresh(): Promise<void> {
    const { userId, vaultKey } = current;
    const vault = await callInstance(api.account.vault.query());
    const theirs = await openSealedVault(vault, { userId, vaultKey, seen: current });
    await update((ours) => ({
      ...ours,
      // Another tab may have saved in between.
      counter: Math.max(theirs.counter, ours.counter),
      contents: mergeVaultContents(theirs.contents, ours.contents),
    }));
  }

  async function replaceOnce(edit: (contents: VaultContents) => VaultContents, send: SendVault): Promise<void> {
    const { userId, vaultKey, wrappedByPassword, wrappedByRecovery, unsavedEdits } = current;
    const contents = edit(current.contents);
    const { keyVersion } = contents.identity;
    const counter = current.counter + 1;
    const json = vaultContentsToJson(contents);
    const sealed = await sealVault({ contents: json, userId, keyVersion, counter, vaultKey, random });
    await send({ counter, sealed, wrappedByPassword, wrappedByRecovery }, contents);
    await update((account) => ({
      ...account,
      counter: Math.max(counter, account.counter),
      contents: mergeVaultContents(contents, account.contents),
      unsavedEdits: Math.max(0, account.unsavedEdits - unsavedEdits),
    }));
  }

  async function replace(edit: (contents: VaultContents) => VaultContents, send: SendVault): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await replaceOnce(edit, send);
      } catch (thrown) {
        const error = clientErrorOf(thrown);
        if (error.reason !== 'vault_changed' || attempt === MAX_ATTEMPTS) throw error;
        await refresh();
      }
    }
  }

  async function saveNow(): Promise<void> {
    if (current.unsavedEdits === 0) return;
    await replace(
      (contents) => contents,
      (vault) => api.account.saveVault.mutate(vault),
    );
  }

  return {
    account: () => current,
    contents: () => current.contents,
    change: (edit) =>
      update((account) => ({ ...account, contents: edit(account.contents), unsavedEdits: account.unsavedEdits + 1 })),
    save: () => oneByOne.run('', saveNow),
    refresh: () => oneByOne.run('', refresh),
    replace: (edit, send) => oneByOne.run('', () => replace(edit, send)),
  };
}
