import type { Logger } from 'pino';

import type { Domain } from '../../../protocol/ids.ts';
import type { DeliveryObserver } from '../../domain/outbox/delivery-observer.ts';
import type { OutboxStore } from '../../domain/outbox/outbox-store.ts';
import type { Clock, Notifier, PeerStore } from '../../domain/ports.ts';
import type { OutgoingReceiptQueue } from '../../domain/receipts/outgoing-receipts.ts';
import { createExpiringCache } from '../discovery/expiring-cache.ts';
import type { PeerClient } from './peer-client.ts';
import type { PeerPace } from './peer-pace.ts';
import type { PeerReach } from './peer-reach.ts';
import type { Timers } from './timers.ts';

/** What sending to peers needs; `random` gives numbers from 0 up to 1. */
export interface DrainOptions {
  readonly outbox: OutboxStore;
  readonly peers: PeerStore;
  readonly peerClient: PeerClient;
  /** What local users let remote ones know of them; none by default. */
  readonly receipts?: OutgoingReceiptQueue;
  /** Tells whether local policy refuses to federate with a domain. */
  readonly isBlocked: (domain: Domain) => Promise<boolean>;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly logger: Logger;
  readonly observe?: DeliveryObserver;
  readonly memory: DrainMemory;
}

/** What one process remembers from lane to lane; all of it is bounded and may be lost. */
interface DrainMemory {
  readonly pace: PeerPace;
  readonly reach: PeerReach;
  /** Attempts that a peer took though their items did not leave the outbox: they are not made again and again. */
  readonly unstruck: Recent;
  /** Of what the operator was told. */
  readonly alerted: Recent;
  /** Domains that would not take a batch as such: their items go one by one. */
  readonly batchless: Recent;
  /** Domains that would not take events just now. */
  readonly eventless: Recent;
}

/** Keys that were noted within a certain time. */
interface Recent {
  has(key: string): boolean;
  note(key: string): void;
  /** Tells cheaply that nothing was noted within that time. */
  isEmpty(): boolean;
}

const UNSTRUCK_MS = 60_000;
const ALERTED_MS = 3_600_000;
const BATCHLESS_MS = 600_000;
const EVENTLESS_MS = 60_000;
const MAX_KEYS = 10_000;

/** Creates an empty memory around what is known of the peers' pace and reach: attempts and events for a minute, alerts for an hour, who takes no batch for 10 minutes. */
export function createDrainMemory(clock: Clock, { pace, reach }: Pick<DrainMemory, 'pace' | 'reach'>): DrainMemory {
  return {
    pace,
    reach,
    unstruck: createRecent(clock, UNSTRUCK_MS),
    alerted: createRecent(clock, ALERTED_MS),
    batchless: createRecent(clock, BATCHLESS_MS),
    eventless: createRecent(clock, EVENTLESS_MS),
  };
}

function createRecent(clock: Clock, keepMs: number): Recent {
  const keys = createExpiringCache<string, true>({ clock, maxEntries: MAX_KEYS });
  let emptyAtMs = Number.NEGATIVE_INFINITY;
  return {
    has: (key) => keys.get(key) === true,
    note(key) {
      emptyAtMs = clock.now().getTime() + keepMs;
      keys.set(key, true, keepMs);
    },
    isEmpty: () => clock.now().getTime() >= emptyAtMs,
  };
}
