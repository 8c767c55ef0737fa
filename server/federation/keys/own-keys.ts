import type { Domain } from '../../../protocol/ids.ts';
import type { Clock } from '../../domain/ports.ts';
import { readKeyFile } from './key-file.ts';
import { currentKey, listedKeys, readUntimedKeyRing } from './key-ring.ts';
import type { SigningKey } from './signing-key.ts';
import { watchKeyFile } from './watch-key-file.ts';

/** The federation keys of one domain served here. @see docs/protocol.md [KEY-6] */
export interface OwnKeys {
  readonly domain: Domain;
  /** Gives the key that signs now. */
  current(): SigningKey;
  /** Gives every key that the key document lists now: the current one first, the next one before it signs, former ones during their overlap. */
  listed(): readonly SigningKey[];
}

/** Where the keys come from: a PEM text, or a folder that holds the key file. */
type OwnKeySource =
  | {
      readonly domain: Domain;
      /** One block or several: the first signs, the others are only listed. */
      readonly pem: string;
    }
  | {
      readonly domain: Domain;
      readonly directory: string;
      /** Makes the key once where the folder has none. */
      readonly create: boolean;
      readonly clock: Clock;
      /** Told once each time the file stops being readable; the keys at hand stay in use. */
      readonly onUnreadable: (error: unknown) => void;
    };

/**
 * Loads the keys that sign for a domain. Those of a folder follow what `securechat keys rotate` writes there within a
 * second, without a restart. Throws `OwnKeyError`.
 * @see docs/protocol.md [KEY-1] [KEY-6]
 */
export async function loadOwnKeys(source: OwnKeySource): Promise<OwnKeys> {
  const { domain } = source;
  if ('pem' in source) {
    const ring = readUntimedKeyRing(source.pem);
    const listed = ring.map(({ key }) => key);
    return { domain, current: () => ring[0].key, listed: () => listed };
  }
  const { directory, create, clock } = source;
  const ring = watchKeyFile({ ...source, ring: await readKeyFile(directory, { create }) });
  return {
    domain,
    current: () => currentKey(ring(), clock.now()).key,
    listed: () => listedKeys(ring(), clock.now()).map(({ key }) => key),
  };
}
