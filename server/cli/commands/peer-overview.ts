import type { Peer, PeerPolicy } from '../../domain/ports.ts';
import type { QueueDepth } from '../../metrics/queue-depths.ts';

/** What an operator sees of another domain: the way to it, and what waits for it. */
export interface PeerOverview {
  readonly domain: string;
  readonly policy: PeerPolicy;
  /** Deliveries that wait. */
  readonly queued: number;
  readonly oldestQueuedAt: Date | null;
  /** Since when the circuit is open [DEL-4]; null while it is closed. */
  readonly circuitOpenedAt: Date | null;
  /** Until when the whole queue is held; null where nothing holds it. */
  readonly nextAttemptAt: Date | null;
  readonly lastInboundAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly lastFailureAt: Date | null;
  readonly lastFailureReason: string | null;
  readonly consecutiveFailures: number;
}

const UNMET: Omit<PeerOverview, 'domain' | 'queued' | 'oldestQueuedAt'> = {
  policy: 'default',
  circuitOpenedAt: null,
  nextAttemptAt: null,
  lastInboundAt: null,
  lastSuccessAt: null,
  lastFailureAt: null,
  lastFailureReason: null,
  consecutiveFailures: 0,
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Joins what is known of peers with what waits for them, in order of name; something may wait for a domain never met. */
export function overviewPeers(peers: readonly Peer[], queues: readonly QueueDepth[]): readonly PeerOverview[] {
  const depths = new Map(queues.map((queue) => [queue.domain, queue]));
  const known = new Map<string, Peer>(peers.map((peer) => [peer.domain, peer]));
  const domains = [...new Set([...known.keys(), ...depths.keys()])].sort();
  return domains.map((domain) => {
    const queue = depths.get(domain);
    return { ...pickShown(known.get(domain)), domain, queued: queue?.depth ?? 0, oldestQueuedAt: queue?.oldestAt ?? null };
  });
}

/** Says in one line, its columns parted by tabs, how it stands with a peer at `now`. */
export function peerLine(peer: PeerOverview, now: Date): string {
  return [peer.domain, peer.policy, queueWords(peer, now), circuitWords(peer), wayWords(peer, now)].join('\t');
}

function pickShown(peer: Peer | undefined): typeof UNMET {
  if (peer === undefined) return UNMET;
  const { policy, circuitOpenedAt, nextAttemptAt, lastInboundAt, lastSuccessAt, lastFailureAt, lastFailureReason, consecutiveFailures } = peer;
  return { policy, circuitOpenedAt, nextAttemptAt, lastInboundAt, lastSuccessAt, lastFailureAt, lastFailureReason, consecutiveFailures };
}

function queueWords({ queued, oldestQueuedAt }: PeerOverview, now: Date): string {
  if (queued === 0) return 'nothing waits';
  return oldestQueuedAt === null ? `${queued} waiting` : `${queued} waiting, the oldest for ${formatAge(now.getTime() - oldestQueuedAt.getTime())}`;
}

function circuitWords({ circuitOpenedAt }: PeerOverview): string {
  return circuitOpenedAt === null ? 'circuit closed' : `circuit open since ${circuitOpenedAt.toISOString()}`;
}

function wayWords(peer: PeerOverview, now: Date): string {
  if (peer.consecutiveFailures === 0) return `reached ${peer.lastSuccessAt?.toISOString() ?? 'never'}`;
  const held = peer.nextAttemptAt !== null && peer.nextAttemptAt > now ? `held until ${peer.nextAttemptAt.toISOString()}` : 'next attempt at once';
  return `failed ${peer.consecutiveFailures} times (${peer.lastFailureReason ?? 'unknown'}, last ${peer.lastFailureAt?.toISOString() ?? 'never'}), ${held}`;
}

/** Writes a length of time in its two largest units, such as `3 h 5 min`. */
function formatAge(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < MINUTE_MS) return `${Math.floor(whole / 1_000)} s`;
  if (whole < HOUR_MS) return `${Math.floor(whole / MINUTE_MS)} min`;
  const [days, hours, minutes] = [Math.floor(whole / DAY_MS), Math.floor((whole % DAY_MS) / HOUR_MS), Math.floor((whole % HOUR_MS) / MINUTE_MS)];
  return days > 0 ? `${days} d ${hours} h` : `${hours} h ${minutes} min`;
}
