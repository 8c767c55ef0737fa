import type { Logger } from 'pino';

import type { Domain } from '../../../protocol/ids.ts';
import type { Clock, Notifier, OutboxStore, PeerStore } from '../../domain/ports.ts';
import { createExpiringCache } from '../discovery/expiring-cache.ts';
import type { PeerClient } from './peer-client.ts';
import type { PeerPace } from './peer-pace.ts';

/** What a drain needs; `random` gives numbers from 0 up to 1. */
export interface DrainOptions {
  readonly outbox: OutboxStore;
  readonly peers: PeerStore;
  readonly peerClient: PeerClient;
  /** Tells whether local policy refuses to federate with a domain. */
  readonly isBlocked: (domain: Domain) => Promise<boolean>;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly memory: DrainMemory;
}

/** What one process remembers from drain to drain; all of it may be lost. */
interface DrainMemory {
  readonly pace: PeerPace;
  /** Attempts that came to an end, so that one whose mark is lost is not made again and again. */
  readonly settled: Recent;
  /** Of what the operator was told. */
  readonly alerted: Recent;
  /** Domains that would not take a batch as such: their items go one by one. */
  readonly batchless: Recent;
}

/** Keys that were noted within a certain time. */
interface Recent {
  has(key: string): boolean;
  note(key: string): void;
}

const SETTLED_MS = 60_000;
const ALERTED_MS = 3_600_000;
const BATCHLESS_MS = 600_000;
const MAX_KEYS = 10_000;

/** Creates an empty memory around what is known of the peers' pace: attempts for a minute, alerts for an hour, who takes no batch for 10 minutes. */
export function createDrainMemory(clock: Clock, pace: PeerPace): DrainMemory {
  return {
    pace,
    settled: createRecent(clock, SETTLED_MS),
    alerted: createRecent(clock, ALERTED_MS),
    batchless: createRecent(clock, BATCHLESS_MS),
  };
}

function createRecent(clock: Clock, keepMs: number): Recent {
  const keys = createExpiringCache<string, true>({ clock, maxEntries: MAX_KEYS });
  return { has: (key) => keys.get(key) === true, note: (key) => keys.set(key, true, keepMs) };
}
