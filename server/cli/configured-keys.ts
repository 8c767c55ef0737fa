import type { Config } from '../config/read-config.ts';
import { loadOwnKeys, OwnKeyError } from '../federation/keys/own-keys.ts';
import type { OwnKeys } from '../federation/keys/own-keys.ts';
import { UsageError } from './exit.ts';

/** Loads the federation key that the configuration names, making its file where that is asked for. @throws UsageError */
export async function loadConfiguredKeys(config: Config, { create }: { readonly create: boolean }): Promise<OwnKeys> {
  const { domain, dataDirectory: directory, SECURECHAT_S2S_PRIVATE_KEY: pem } = config;
  try {
    return await loadOwnKeys(pem === null ? { domain, directory, create } : { domain, pem });
  } catch (error) {
    if (error instanceof OwnKeyError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
