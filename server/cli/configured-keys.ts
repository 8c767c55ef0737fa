import type { Config } from '../config/read-config.ts';
import { changeKeyFile, readKeyFile } from '../federation/keys/key-file.ts';
import { readUntimedKeyRing } from '../federation/keys/key-ring.ts';
import type { KeyRing } from '../federation/keys/key-ring.ts';
import { OwnKeyError } from '../federation/keys/own-key-error.ts';
import { loadOwnKeys } from '../federation/keys/own-keys.ts';
import type { OwnKeys } from '../federation/keys/own-keys.ts';
import { UsageError } from './exit.ts';

const clock = { now: () => new Date() };

/** Loads the federation keys that the configuration names, making the first one where that is asked for. @throws UsageError */
export async function loadConfiguredKeys(config: Config, { create }: { readonly create: boolean }): Promise<OwnKeys> {
  const { domain, dataDirectory: directory, SECURECHAT_S2S_PRIVATE_KEY: pem } = config;
  // A command is over before it could look at the file a second time.
  const onUnreadable = (): void => {};
  return asUsageError(() => loadOwnKeys(pem === null ? { domain, directory, create, clock, onUnreadable } : { domain, pem }));
}

/** Reads the federation keys with their times, making the first one where that is asked for. @throws UsageError */
export async function readConfiguredRing(config: Config, { create }: { readonly create: boolean }): Promise<KeyRing> {
  const { dataDirectory, SECURECHAT_S2S_PRIVATE_KEY: pem } = config;
  return asUsageError(async () => (pem === null ? readKeyFile(dataDirectory, { create }) : readUntimedKeyRing(pem)));
}

/** Replaces the federation keys of the data folder; refuses where they stand in the environment. @throws UsageError */
export async function changeConfiguredRing(config: Config, change: (ring: KeyRing) => KeyRing): Promise<KeyRing> {
  if (config.SECURECHAT_S2S_PRIVATE_KEY !== null) throw new UsageError(ROTATE_IN_ENVIRONMENT);
  return asUsageError(() => changeKeyFile(config.dataDirectory, change));
}

const ROTATE_IN_ENVIRONMENT = [
  'SECURECHAT_S2S_PRIVATE_KEY holds the federation keys, so they are changed there; of several PEM blocks the first signs, the others are only listed:',
  '  1. put a new key (openssl genpkey -algorithm ed25519) behind the present one and restart every process;',
  '  2. an hour later put the new key first and restart every process;',
  '  3. a day later take the former key out and restart once more.',
  'After a theft put the new key in alone, and restart at once.',
].join('\n');

async function asUsageError<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OwnKeyError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
