import pino from 'pino';

import { ERROR_REGISTRY, isPermanentCode } from '../../../../protocol/errors.ts';
import type { ErrorCode } from '../../../../protocol/errors.ts';
import { parseDomain } from '../../../../protocol/ids.ts';
import type { DomainEvent } from '../../../domain/ports.ts';
import { createDeliveryWorker } from '../delivery-worker.ts';
import type { DeliveryWorker } from '../delivery-worker.ts';
import type { PeerAnswer } from '../peer-answer.ts';
import type { PeerRequest } from '../peer-client.ts';
import { createFakeTime } from './fake-time.ts';
import { createMemoryStores } from './memory-outbox.ts';

/** Is the peer that most tests send to. */
export const B = parseDomain('b.test');

/** Is what a peer says to a message that it stored. */
export const accepted: PeerAnswer = { kind: 'success', status: 202, json: { status: 'accepted' } };
/** Is what becomes of a request to a peer that is down. */
export const silent: PeerAnswer = { kind: 'unreachable', reason: 'connect_failed', detail: 'ECONNREFUSED', retryAfterSeconds: null };

/** Builds a peer's refusal. */
export function refused(code: ErrorCode, retryAfterSeconds: number | null = null): PeerAnswer {
  return { kind: 'refused', status: ERROR_REGISTRY[code].status, code, permanent: isPermanentCode(code), retryAfterSeconds };
}

type Script = (request: PeerRequest, count: number) => PeerAnswer | Promise<PeerAnswer>;

/** What a test lets be true of every peer; an error as `core` is thrown when it is asked for. */
interface Network {
  script: Script;
  blocked: boolean;
  core: boolean | Error;
}

/** Arranges stores, a time and as many workers over them as a test wants; every message is told from the others by its body. */
export function arrangeWorkers(script: Script = () => accepted) {
  const time = createFakeTime();
  const stores = createMemoryStores();
  const sent: string[] = [];
  const events: DomainEvent[] = [];
  const logged: { readonly level: number; readonly operatorAlert?: boolean }[] = [];
  const network: Network = { script, blocked: false, core: false };
  const newWorker = (workerId = 'w1'): DeliveryWorker =>
    createDeliveryWorker({
      outbox: stores.outbox,
      peers: stores.peers,
      peerClient: {
        send: async (request) => {
          sent.push(`${request.destination} ${request.body}`);
          return network.script(request, sent.length);
        },
        isCore: async () => {
          if (network.core instanceof Error) throw network.core;
          return network.core;
        },
      },
      isBlocked: async () => network.blocked,
      notifier: { notify: (_, event) => void events.push(event) },
      clock: time.clock,
      timers: time.timers,
      random: () => 0.5,
      logger: pino({}, { write: (line: string) => void logged.push(JSON.parse(line)) }),
      workerId,
    });
  const queue = (body: string, options: { destination?: typeof B; conversationKey?: bigint; fullOnly?: boolean } = {}) =>
    stores.queue({ destination: B, at: time.clock.now(), body, ...options });
  return { time, stores, sent, events, logged, network, newWorker, queue };
}

/** Makes an answer that comes when the test says so. */
export function later(): { readonly answer: Promise<PeerAnswer>; readonly give: (answer: PeerAnswer) => void } {
  const { promise, resolve } = Promise.withResolvers<PeerAnswer>();
  return { answer: promise, give: resolve };
}
