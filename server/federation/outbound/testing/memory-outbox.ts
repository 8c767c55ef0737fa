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
      return row;
    },
    peers: memoryPeers(peers, peer),
    outbox: memoryOutbox({ rows, claims, peer }),
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
  readonly claims: Map<Domain, { readonly workerId: string; readonly untilMs: number }>;
  readonly peer: (domain: Domain) => Peer;
}

function memoryOutbox({ rows, claims, peer }: Memory): OutboxStore {
  const queued = (domain: Domain): readonly MemoryRow[] => rows.filter((row) => row.state === 'queued' && row.destination === domain);
  const dueAtMs = (row: MemoryRow): number => Math.max(row.nextAttemptAt.getTime(), peer(row.destination).nextAttemptAt?.getTime() ?? 0);
  const settle = (id: bigint, change: Partial<MemoryRow>): DeliveryState | null => {
    const row = rows.find((candidate) => candidate.id === id);
    if (row === undefined) return null;
    Object.assign(row, change);
    return stateOf(row);
  };
  const openRow = (id: bigint): MemoryRow | undefined => rows.find((row) => row.id === id);
  return {
    async claimDestinations({ workerId, now, claimMs, limit }) {
      const nowMs = now.getTime();
      const domains = [...new Set(rows.map((row) => row.destination))].filter(
        (domain) => queued(domain).some((row) => dueAtMs(row) <= nowMs) && (claims.get(domain)?.untilMs ?? 0) <= nowMs,
      );
      for (const domain of domains.slice(0, limit)) claims.set(domain, { workerId, untilMs: nowMs + claimMs });
      return domains.slice(0, limit);
    },
    async extendClaim({ domain, workerId, now, claimMs }) {
      if (claims.get(domain)?.workerId !== workerId) return false;
      claims.set(domain, { workerId, untilMs: now.getTime() + claimMs });
      return true;
    },
    async releaseDestination(domain, workerId) {
      if (claims.get(domain)?.workerId === workerId) claims.delete(domain);
    },
    async listDue(domain, now, limit) {
      const blocked = new Set<bigint>();
      const due = queued(domain).filter((row) => {
        if (row.nextAttemptAt.getTime() > now.getTime()) blocked.add(row.conversationKey);
        return !blocked.has(row.conversationKey);
      });
      return due.slice(0, limit).map((row) => ({ ...row }));
    },
    markDelivered: async (id) => settle(id, { state: 'delivered', errorCode: null }),
    markRetry: async (id, { firstRefusedAt, nextAttemptAt, errorCode }) => {
      const row = openRow(id);
      return settle(id, { nextAttemptAt, errorCode, attempts: (row?.attempts ?? 0) + 1, firstRefusedAt });
    },
    markFailed: async (id, { errorCode }) => settle(id, { state: 'failed', errorCode }),
    noteQueueFailure: async (domain, { errorCode, limit }) => queued(domain).slice(0, limit).map((row) => stateOf(Object.assign(row, { errorCode }))),
    requeueFailed: async () => null,
    deliveryStates: async () => [],
    async nextDueAt() {
      const dues = rows.filter((row) => row.state === 'queued').map(dueAtMs);
      return dues.length === 0 ? null : new Date(Math.min(...dues));
    },
  };
}

function stateOf(row: MemoryRow): DeliveryState {
  const { senderId, destination: domain, state, attempts, errorCode, nextAttemptAt } = row;
  return { conversationId: CONVERSATION, messageId: row.messageId ?? messageIdOf(0), senderId, domain, state, attempts, errorCode, nextAttemptAt };
}
