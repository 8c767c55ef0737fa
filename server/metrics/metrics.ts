import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../domain/ports.ts';
import type { DeliveryObserver } from '../domain/outbox/delivery-observer.ts';
import type { TrafficObserver } from '../domain/traffic-observer.ts';
import { createLabelBound } from './label-values.ts';
import type { QueueDepths } from './queue-depths.ts';
import { createQueueGauges, MAX_PEERS_SHOWN } from './queue-gauges.ts';

/** A page of metrics in the text format of Prometheus. */
interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/** The metrics of one instance. */
export interface Metrics {
  readonly traffic: TrafficObserver;
  readonly deliveries: DeliveryObserver;
  /** Writes the page; the queue is asked about at most every {@link QUEUE_FRESH_MS}. */
  write(): Promise<MetricsPage>;
}

interface MetricsOptions {
  readonly version: string;
  /** Gives the depths of the queue, those of at most `limit` peers. */
  readonly readQueues: (limits: { readonly limit: number }) => Promise<QueueDepths>;
  readonly clock: Clock;
}

/** However often somebody looks, the database is asked no more often. */
const QUEUE_FRESH_MS = 5_000;
/** The page does not wait for a database that does not answer. */
const QUEUE_TIMEOUT_MS = 4_000;
/** Codes are of closed lists; a peer that names codes of its own makes no more series than these. */
const MAX_CODES = 100;
/** From a peer next door to one that was away for the seven days that a delivery is kept [DEL-2]. */
const LATENCY_BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400, 604_800];
const CODE_LABELS = ['code'] as const;

/** Creates the metrics in a registry of their own: each count on the path of a message is one increment in memory. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: 'securechat_build_info', help: 'Always 1; the labels say what runs', labelNames: ['version', 'node'], registers: [registry] })
    .set({ version: options.version, node: process.version }, 1);
  const traffic = createTrafficCounts(registry);
  const deliveries = createDeliveryCounts(registry);
  const refresh = createQueueRefresh(registry, options);
  return {
    traffic,
    deliveries,
    async write() {
      await refresh();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

function createTrafficCounts(registry: Registry): TrafficObserver {
  const accepted = new Counter({ name: 'securechat_messages_accepted_total', help: 'Messages stored for the first time, by who sent them: a person here, or a peer', labelNames: ['origin'], registers: [registry] });
  const rejected = new Counter({ name: 'securechat_rejected_total', help: 'Requests and batch items refused, by who asked and why', labelNames: ['origin', 'code'], registers: [registry] });
  // Said before anything happens, so that a rate over them is known from the start.
  const counters = { local: accepted.labels('local'), remote: accepted.labels('remote') };
  counters.local.inc(0);
  counters.remote.inc(0);
  const codeOf = createLabelBound(MAX_CODES);
  return {
    accepted: (origin, count) => counters[origin].inc(count),
    rejected: (origin, code) => rejected.inc({ origin, code: codeOf(code) }),
  };
}

/** By peer there is no more than the gauges of the queue: whoever federates with thousands would get as many series. */
function createDeliveryCounts(registry: Registry): DeliveryObserver {
  const registers = [registry];
  const attempts = new Counter({ name: 'securechat_delivery_attempts_total', help: 'Deliveries that were sent, each time they were', registers });
  const delivered = new Counter({ name: 'securechat_deliveries_total', help: 'Deliveries that a peer took', registers });
  const retried = new Counter({ name: 'securechat_deliveries_retried_total', help: 'Deliveries put back to be tried again, by the reason', labelNames: CODE_LABELS, registers });
  const dead = new Counter({ name: 'securechat_deliveries_dead_total', help: 'Deliveries given up, by the reason', labelNames: CODE_LABELS, registers });
  const latency = new Histogram({ name: 'securechat_delivery_latency_seconds', help: "From the commit of a delivery here to the peer's 2xx", buckets: LATENCY_BUCKETS_SECONDS, registers });
  const codeOf = createLabelBound(MAX_CODES);
  return {
    attempted: (_domain, items) => attempts.inc(items),
    delivered(_domain, latenciesMs) {
      delivered.inc(latenciesMs.length);
      for (const latencyMs of latenciesMs) latency.observe(Math.max(0, latencyMs) / 1_000);
    },
    retried: (_domain, code) => retried.inc({ code: codeOf(code) }),
    dead: (_domain, code) => dead.inc({ code: codeOf(code) }),
  };
}

/** One question at a time, not more often than the queue is worth asking, and an answer that is late is for the next look. */
function createQueueRefresh(registry: Registry, { readQueues, clock }: MetricsOptions): () => Promise<void> {
  let asked: { readonly atMs: number; readonly depths: Promise<QueueDepths> } | null = null;
  let underWay = false;
  const ask = (): Promise<QueueDepths> => {
    const nowMs = clock.now().getTime();
    if (asked !== null && (underWay || nowMs - asked.atMs < QUEUE_FRESH_MS)) return asked.depths;
    underWay = true;
    const depths = readQueues({ limit: MAX_PEERS_SHOWN }).finally(() => (underWay = false));
    asked = { atMs: nowMs, depths };
    return depths;
  };
  const gauges = createQueueGauges({ registry, read: () => withTimeout(ask()), clock });
  return () => gauges.refresh();
}

function withTimeout<Result>(wanted: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('the database did not answer in time')), QUEUE_TIMEOUT_MS);
  return Promise.race([wanted, late.promise]).finally(() => clearTimeout(timer));
}
