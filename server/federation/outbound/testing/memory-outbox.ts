import type { ConversationId, Domain, MessageId } from '../../../../protocol/ids.ts';
import { parseConversationId, parseCoreMessageId, parseUserId } from '../../../../protocol/ids.ts';
import type { DeliveryState, OutboxItem, OutboxStore, Peer, PeerStore } from '../../../domain/ports.ts';

/** One row of the outbox as the tests see it. */
interface MemoryRow extends OutboxItem {
  state: DeliveryState['state'];
  attempts: number;
  firstRefusedAt: Date | null;
  nextAttemptAt: Date;
  errorCode: string | null;
}

/** The ports of the worker over one memory, so that a second worker finds what the first left. */
interface MemoryStores {
  readonly outbox: OutboxStore;
  readonly peers: PeerStore;
  readonly rows: readonly MemoryRow[];
  readonly claims: ReadonlyMap<Domain, { readonly workerId: string; readonly untilMs: number }>;
  /** Queues one message and gives its row. */
  queue(item: { destination: Domain; conversationKey?: bigint; at: Date; body?: string; fullOnly?: boolean }): MemoryRow;
  peer(domain: Domain): Peer;
}

const SENDER = parseUserId('alice@a.test');
const CONVERSATION: ConversationId = parseConversationId('c1:a.test');

/** Creates empty stores. */
export function createMemoryStores(): MemoryStores {
  const rows: MemoryRow[] = [];
  const byDomain = new Map<Domain, readonly MemoryRow[]>();
  const peers = new Map<Domain, Peer>();
  const claims = new Map<Domain, { readonly workerId: string; readonly untilMs: number }>();
  const peer = (domain: Domain): Peer => peers.get(domain) ?? newPeer(domain);
  return {
    rows,
    claims,
    peer,
    queue({ destination, conversationKey = 1n, at, body = '{}', fullOnly = false }) {
      const row: MemoryRow = {
        id: BigInt(rows.length + 1), destination, conversationKey, messageId: messageIdOf(rows.length + 1), senderId: SENDER,
        method: 'POST', target: '/federation/v1/messages', body, fullOnly, attempts: 0, createdAt: at, firstRefusedAt: null,
        state: 'queued', nextAttemptAt: at, errorCode: null,
      };
      rows.push(row);
      byDomain.set(destination, [...(byDomain.get(destination) ?? []), row]);
      return row;
    },
    peers: memoryPeers(peers, peer),
    outbox: memoryOutbox({ rows, byDomain, claims, peer }),
  };
}

function newPeer(domain: Domain): Peer {
  return {
    domain, policy: 'default', keyDocument: null, keyFetchedAt: null, keyFreshUntil: null, lastInboundAt: null,
    lastSuccessAt: null, lastFailureAt: null, lastFailureReason: null, consecutiveFailures: 0, nextAttemptAt: null,
  };
}

function messageIdOf(number: number): MessageId {
  return parseCoreMessageId(Buffer.alloc(32, number).toString('base64url'));
}

function memoryPeers(peers: Map<Domain, Peer>, peer: (domain: Domain) => Peer): PeerStore {
  const unused = async (): Promise<never> => {
    throw new Error('The worker has no use for this.');
  };
  return {
    find: async (domain) => peers.get(domain) ?? null,
    list: unused,
    setPolicy: unused,
    saveKeyDocument: unused,
    recordInbound: async (domain, now) => void peers.set(domain, { ...peer(domain), lastInboundAt: now, consecutiveFailures: 0, nextAttemptAt: null }),
    recordSuccess: async (domain, now) => void peers.set(domain, { ...peer(domain), lastSuccessAt: now, consecutiveFailures: 0, nextAttemptAt: null }),
    async recordFailure(domain, { now, reason, nextAttemptAt }) {
      const before = peer(domain);
      peers.set(domain, { ...before, lastFailureAt: now, lastFailureReason: reason, nextAttemptAt, consecutiveFailures: before.consecutiveFailures + 1 });
    },
  };
}

interface Memory {
  readonly rows: readonly MemoryRow[];
  readonly byDomain: ReadonlyMap<Domain, readonly MemoryRow[]>;
  readonly claims: Map<Domain, { readonly workerId: string; readonly untilMs: number }>;
  readonly peer: (domain: Domain) => Peer;
}

function memoryOutbox({ rows, byDomain, claims, peer }: Memory): OutboxStore {
  const lastTurns = new Map<Domain, number>();
  const queued = (domain: Domain): readonly MemoryRow[] => (byDomain.get(domain) ?? []).filter((row) => row.state === 'queued');
  const openRow = (id: bigint): MemoryRow | undefined => rows[Number(id) - 1];
  const dueAtMs = (row: MemoryRow): number => Math.max(row.nextAttemptAt.getTime(), peer(row.destination).nextAttemptAt?.getTime() ?? 0);
  const settle = (id: bigint, change: Partial<MemoryRow>): DeliveryState | null => {
    const row = openRow(id);
    if (row === undefined) return null;
    Object.assign(row, change);
    return stateOf(row);
  };
  return {
    async claimDestinations({ workerId, now, claimMs, limit, groups = [] }) {
      const nowMs = now.getTime();
      const headOf = (domain: Domain): MemoryRow | undefined => byDomain.get(domain)?.find((row) => row.state === 'queued' && dueAtMs(row) <= nowMs);
      const sinceMs = new Map(
        [...byDomain.keys()]
          .filter((domain) => (claims.get(domain)?.untilMs ?? 0) <= nowMs)
          .flatMap((domain) => [headOf(domain)].filter((row) => row !== undefined))
          .map((row) => [row.destination, Math.max(lastTurns.get(row.destination) ?? 0, row.nextAttemptAt.getTime())]),
      );
      const free = [...sinceMs].toSorted(([, a], [, b]) => a - b).map(([domain]) => domain);
      const named = new Set(groups.flatMap(({ domains }) => domains));
      const claimed = [
        ...groups.flatMap((group) => free.filter((domain) => group.domains.includes(domain)).slice(0, group.limit)),
        ...free.filter((domain) => !named.has(domain)).slice(0, limit),
      ];
      for (const domain of claimed) claims.set(domain, { workerId, untilMs: nowMs + claimMs });
      return claimed;
    },
    async extendClaim({ domain, workerId, now, claimMs }) {
      if (claims.get(domain)?.workerId !== workerId) return false;
      claims.set(domain, { workerId, untilMs: now.getTime() + claimMs });
      return true;
    },
    async releaseDestination(domain, { workerId, now }) {
      if (claims.get(domain)?.workerId !== workerId) return;
      claims.delete(domain);
      lastTurns.set(domain, now.getTime());
    },
    async listDue(domain, now, limit) {
      const blocked = new Set<bigint>();
      const due = queued(domain).filter((row) => {
        if (row.nextAttemptAt.getTime() > now.getTime()) blocked.add(row.conversationKey);
        return !blocked.has(row.conversationKey);
      });
      return due.slice(0, limit).map((row) => ({ ...row }));
    },
    markDeliveredAll: async (ids) => ids.map((id) => settle(id, { state: 'delivered', errorCode: null })).filter((state) => state !== null),
    markRetry: async (id, { firstRefusedAt, nextAttemptAt, errorCode }) => {
      const row = openRow(id);
      return settle(id, { nextAttemptAt, errorCode, attempts: (row?.attempts ?? 0) + 1, firstRefusedAt });
    },
    markFailed: async (id, { errorCode }) => settle(id, { state: 'failed', errorCode }),
    noteQueueFailure: async (domain, { errorCode, limit }) => queued(domain).slice(0, limit).map((row) => stateOf(Object.assign(row, { errorCode }))),
    requeueFailed: async () => null,
    deliveryStates: async () => [],
    async nextDueAt() {
      const firstMs = (domain: Domain): number => Math.min(...queued(domain).map((row) => row.nextAttemptAt.getTime()));
      const dueMs = Math.min(...[...byDomain.keys()].map((domain) => Math.max(firstMs(domain), peer(domain).nextAttemptAt?.getTime() ?? 0)));
      return dueMs === Number.POSITIVE_INFINITY ? null : new Date(dueMs);
    },
  };
}

function stateOf(row: MemoryRow): DeliveryState {
  const { senderId, destination: domain, state, attempts, errorCode, nextAttemptAt } = row;
  return { conversationId: CONVERSATION, messageId: row.messageId ?? messageIdOf(0), senderId, domain, state, attempts, errorCode, nextAttemptAt };
}
