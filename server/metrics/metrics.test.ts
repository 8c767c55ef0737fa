import { describe, expect, test } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import { createLabelBound } from './label-values.ts';
import { createMetrics } from './metrics.ts';
import type { QueueDepths } from './queue-depths.ts';

const B = parseDomain('b.test');
const NOW = new Date('2026-06-01T12:00:00.000Z');
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1_000);
const EMPTY: QueueDepths = { total: 0, peers: 0, oldestAt: null, dead: 0, openCircuits: [], openCircuitCount: 0, deepest: [] };
const BUSY: QueueDepths = {
  total: 1_203,
  peers: 3,
  oldestAt: ago(90),
  dead: 4,
  openCircuits: ['b.test'],
  openCircuitCount: 1,
  deepest: [{ domain: 'b.test', depth: 1_200, oldestAt: ago(90) }, { domain: 'c.test', depth: 2, oldestAt: ago(1) }],
};

/** The lines of a page that are values, by series. */
async function valuesOf(metrics: ReturnType<typeof createMetrics>): Promise<ReadonlyMap<string, number>> {
  const { text } = await metrics.write();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

function start(readQueues: () => Promise<QueueDepths> = async () => EMPTY) {
  let nowMs = NOW.getTime();
  const metrics = createMetrics({ version: '1.2.3', readQueues, clock: { now: () => new Date(nowMs) } });
  return { metrics, pass: (ms: number) => void (nowMs += ms) };
}

describe('createMetrics', () => {
  test('counts messages and refusals by who asked', async () => {
    const { metrics } = start();
    metrics.traffic.accepted('local', 1);
    metrics.traffic.accepted('remote', 100);
    metrics.traffic.rejected('remote', 'replay_detected');
    metrics.traffic.rejected('remote', 'replay_detected');
    metrics.traffic.rejected('local', 'unauthorized');
    const values = await valuesOf(metrics);
    expect(values.get('securechat_messages_accepted_total{origin="local"}')).toBe(1);
    expect(values.get('securechat_messages_accepted_total{origin="remote"}')).toBe(100);
    expect(values.get('securechat_rejected_total{origin="remote",code="replay_detected"}')).toBe(2);
    expect(values.get('securechat_rejected_total{origin="local",code="unauthorized"}')).toBe(1);
  });

  test('counts deliveries, and how long they took from their acceptance', async () => {
    const { metrics } = start();
    metrics.deliveries.attempted(B, 3);
    metrics.deliveries.delivered(B, [4, 40, 4_000]);
    metrics.deliveries.retried(B, 'connect_failed');
    metrics.deliveries.dead(B, 'user_gone');
    const values = await valuesOf(metrics);
    expect(values.get('securechat_delivery_attempts_total')).toBe(3);
    expect(values.get('securechat_deliveries_total')).toBe(3);
    expect(values.get('securechat_deliveries_retried_total{code="connect_failed"}')).toBe(1);
    expect(values.get('securechat_deliveries_dead_total{code="user_gone"}')).toBe(1);
    expect(['0.002', '0.005', '0.05', '5', '+Inf'].map((le) => values.get(`securechat_delivery_latency_seconds_bucket{le="${le}"}`))).toEqual([0, 1, 2, 3, 3]);
    expect(values.get('securechat_delivery_latency_seconds_sum')).toBeCloseTo(4.044);
  });

  test('shows the queue as the database tells it', async () => {
    const { metrics } = start(async () => BUSY);
    const values = await valuesOf(metrics);
    expect(values.get('securechat_queue_scrape_success')).toBe(1);
    expect(values.get('securechat_queued_deliveries')).toBe(1_203);
    expect(values.get('securechat_queued_peers')).toBe(3);
    expect(values.get('securechat_queue_oldest_seconds')).toBe(90);
    expect(values.get('securechat_dead_deliveries')).toBe(4);
    expect(values.get('securechat_open_circuits')).toBe(1);
    expect(values.get('securechat_peer_queued_deliveries{peer="b.test"}')).toBe(1_200);
    expect(values.get('securechat_peer_queue_oldest_seconds{peer="c.test"}')).toBe(1);
    expect(values.get('securechat_peer_circuit_open{peer="b.test"}')).toBe(1);
  });

  test('forgets peers that nothing waits for any more, and all of the queue while the database does not answer', async () => {
    const answers = [async () => BUSY, async () => EMPTY, () => Promise.reject(new Error('no database'))];
    const { metrics, pass } = start(() => answers.shift()?.() ?? Promise.resolve(EMPTY));
    await metrics.write();
    pass(5_000);
    const empty = await valuesOf(metrics);
    expect([...empty.keys()].filter((series) => series.includes('peer="'))).toEqual([]);
    expect(empty.get('securechat_queued_deliveries')).toBe(0);
    pass(5_000);
    const silent = await valuesOf(metrics);
    expect(silent.get('securechat_queue_scrape_success')).toBe(0);
    expect(silent.has('securechat_queued_deliveries')).toBe(false);
    expect(silent.has('securechat_messages_accepted_total{origin="local"}')).toBe(true);
  });

  test('asks the database once, however many look within 5 s', async () => {
    let asked = 0;
    const { metrics, pass } = start(async () => {
      asked += 1;
      return EMPTY;
    });
    await Promise.all([metrics.write(), metrics.write()]);
    pass(4_999);
    await metrics.write();
    expect(asked).toBe(1);
    pass(1);
    await metrics.write();
    expect(asked).toBe(2);
  });

  test('says what runs, how busy the event loop is and how much memory there is', async () => {
    const { metrics } = start();
    const values = await valuesOf(metrics);
    expect(values.get(`securechat_build_info{version="1.2.3",node="${process.version}"}`)).toBe(1);
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(values.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
  });

  test('two instances in one process do not share a count', async () => {
    const [one, other] = [start(), start()];
    one.metrics.traffic.accepted('local', 5);
    expect((await valuesOf(other.metrics)).get('securechat_messages_accepted_total{origin="local"}')).toBe(0);
  });
});

describe('createLabelBound', () => {
  test('lets the first values through for ever, and calls all others other', () => {
    const bound = createLabelBound(2);
    expect(['a', 'b', 'c', 'a', 'd', 'b'].map(bound)).toEqual(['a', 'b', 'other', 'a', 'other', 'b']);
  });
});
