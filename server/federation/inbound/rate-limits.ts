import type { Domain } from '../../../protocol/ids.ts';
import type { Clock } from '../../domain/ports.ts';
import { createRateLimit } from '../../domain/rate-limit.ts';
import { sourceNetwork } from '../../domain/source-network.ts';

/** How much one origin and one source may ask for. @see docs/protocol.md [API-10] */
export interface RateLimitSettings {
  readonly requestsPerSecond: number;
  readonly requestBurst: number;
  readonly keyFetchesPerMinute: number;
}

/** The limits of the text. @see docs/protocol.md [API-10] */
const DEFAULT_SETTINGS: RateLimitSettings = { requestsPerSecond: 100, requestBurst: 200, keyFetchesPerMinute: 5 };

/** Counts what origins and sources ask for; each answer is null, or the seconds until the next one is free. */
export interface RateLimits {
  takeRequest(origin: Domain): number | null;
  /** Undoes one: it was not the origin that asked. */
  giveBackRequest(origin: Domain): void;
  /** Takes the fetch of a key document for a domain without a cached one. */
  takeKeyFetch(sourceAddress: string): number | null;
}

/** Creates the limits, token buckets in the memory of this process. @see docs/protocol.md [API-10] */
export function createRateLimits({ clock, settings = {} }: { clock: Clock; settings?: Partial<RateLimitSettings> }): RateLimits {
  const { requestsPerSecond, requestBurst, keyFetchesPerMinute } = { ...DEFAULT_SETTINGS, ...settings };
  const requests = createRateLimit({ burst: requestBurst, perSecond: requestsPerSecond, clock });
  const keyFetches = createRateLimit({ burst: keyFetchesPerMinute, perSecond: keyFetchesPerMinute / 60, clock });
  return {
    takeRequest: (origin) => requests.take(origin),
    giveBackRequest: (origin) => requests.giveBack(origin),
    takeKeyFetch: (sourceAddress) => keyFetches.take(sourceNetwork(sourceAddress)),
  };
}
