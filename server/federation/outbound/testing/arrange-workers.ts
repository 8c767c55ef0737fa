import pino from 'pino';

import { BATCH_TARGET, EVENTS_TARGET, HELLO_TARGET } from '../../../../protocol/endpoints.ts';
import { ERROR_REGISTRY, isPermanentCode } from '../../../../protocol/errors.ts';
import type { ErrorCode } from '../../../../protocol/errors.ts';
import { parseDomain } from '../../../../protocol/ids.ts';
import type { PeerLimits } from '../../../../protocol/key-document.ts';
import type { DeliveryObserver } from '../../../domain/outbox/delivery-observer.ts';
import type { DomainEvent } from '../../../domain/ports.ts';
import { createDeliveryWorker } from '../delivery-worker.ts';
import type { DeliveryWorker } from '../delivery-worker.ts';
import type { PeerAnswer } from '../peer-answer.ts';
import { answerBatch, bodyOf, textsOf } from './batching-peer.ts';
import type { ItemScript } from './batching-peer.ts';
import { createFakeTime } from './fake-time.ts';
import { createMemoryStores } from './memory-outbox.ts';
import { DEFAULT_LIMITS } from './memory-peer-keys.ts';

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

/** What a test lets be true of every peer; an error as `core` is thrown when it is asked for. */
interface Network {
  /** Answers one item, be it alone or in a batch; `body` is the text that was queued. */
  script: ItemScript;
  /** Answers a batch as such, after its items were handled; null where their results are the answer. */
  envelope: (results: readonly object[]) => PeerAnswer | null;
  /** Answers a hello. */
  hello: () => PeerAnswer | Promise<PeerAnswer>;
  /** Answers events, be they alone or in a batch. */
  events: () => PeerAnswer | Promise<PeerAnswer>;
  /** Whether the items of a batch are answered one after the other. */
  isSequential: boolean;
  blocked: boolean;
  core: boolean | Error;
  limits: Partial<PeerLimits>;
}

/** Arranges stores, a time and as many workers over them as a test wants; every message is told from the others by its text. */
export function arrangeWorkers(script: ItemScript = () => accepted) {
  const time = createFakeTime();
  const stores = createMemoryStores();
  const sent: string[] = [];
  const exchanges: (readonly string[])[] = [];
  const asked: { hellos: number } = { hellos: 0 };
  const events: DomainEvent[] = [];
  const logged: { readonly level: number; readonly operatorAlert?: boolean }[] = [];
  const network: Network = { script, envelope: () => null, hello: () => accepted, events: () => accepted, isSequential: false, blocked: false, core: false, limits: {} };
  const newWorker = (workerId = 'w1', more: { readonly observe?: DeliveryObserver } = {}): DeliveryWorker =>
    createDeliveryWorker({
      ...more,
      outbox: stores.outbox,
      peers: stores.peers,
      receipts: stores.receipts,
      peerClient: {
        send: async (request) => {
          if (request.target === HELLO_TARGET) {
            asked.hellos += 1;
            return network.hello();
          }
          const items = textsOf(request);
          exchanges.push(items);
          if (request.target === EVENTS_TARGET) return network.events();
          const answerItem = async (item: Parameters<ItemScript>[0]): Promise<PeerAnswer> => {
            if (item.target === EVENTS_TARGET) return network.events();
            sent.push(`${item.destination} ${item.body}`);
            return network.script(item, sent.length);
          };
          return request.target === BATCH_TARGET ? answerBatch(request, answerItem, network) : answerItem({ ...request, body: items[0] ?? '' });
        },
        limitsForBatches: async () => {
          if (network.core instanceof Error) throw network.core;
          return network.core ? null : { ...DEFAULT_LIMITS, ...network.limits };
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
    stores.queue({ destination: B, at: time.clock.now(), ...options, body: bodyOf(body, options.conversationKey ?? 1n) });
  return { time, stores, sent, exchanges, asked, events, logged, network, newWorker, queue };
}

/** Makes an answer that comes when the test says so. */
export function later(): { readonly answer: Promise<PeerAnswer>; readonly give: (answer: PeerAnswer) => void } {
  const { promise, resolve } = Promise.withResolvers<PeerAnswer>();
  return { answer: promise, give: resolve };
}
