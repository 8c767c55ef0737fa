import type { ConversationId, Domain, MessageId } from '../../../../protocol/ids.ts';
import { parseConversationId, parseCoreMessageId, parseUserId } from '../../../../protocol/ids.ts';
import type { DeliveryState, OutboxItem, OutboxStore } from '../../../domain/outbox/outbox-store.ts';
import type { Peer, PeerStore } from '../../../domain/ports.ts';
import type { OutgoingReceipt, OutgoingReceiptQueue } from '../../../domain/receipts/outgoing-receipts.ts';

/** One row of the outbox as the tests see it. */
interface MemoryRow extends OutboxItem {
  /** A row that was delivered is kept here for the tests alone: nothing lists it any more. */
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
  /** What waits to be told each domain; a settle takes it out. */
  readonly receipts: OutgoingReceiptQueue & { readonly waiting: Map<Domain, OutgoingReceipt[]> };
  /** Every call of the outbox by its name. */
  readonly calls: string[];
  /** Queues one message and gives its row. */
  queue(item: { destination: Domain; conversationKey?: bigint; at: Date; body?: string; fullOnly?: boolean }): MemoryRow;
  peer(domain: Domain): Peer;
}

const SENDER = parseUserId('alice@a.test');
const CIRCUIT_MS = 600_000;
const CIRCUIT_FAILURES = 5;
const WELL = { consecutiveFailures: 0, circuitOpenedAt: null, nextAttemptAt: null };
const CONVERSATION: ConversationId = parseConversationId('c1:a.test');

/** Creates empty stores. */
export function createMemoryStores(): MemoryStores {
  const rows: MemoryRow[] = [];
  const byDomain = new Map<Domain, readonly MemoryRow[]>();
  const peers = new Map<Domain, Peer>();
  const claims = new Map<Domain, { readonly workerId: string; readonly untilMs: number }>();
  const peer = (domain: Domain): Peer => peers.get(domain) ?? newPeer(domain);
  const calls: string[] = [];
  const receipts = memoryReceipts();
  return {
    calls,
    receipts,
    rows,
    claims,
    peer,
    queue({ destination, conversationKey = 1n, at, body = '{}', fullOnly = false }) {
      const row: MemoryRow = {
        id: BigInt(rows.length + 1), destination, conversationKey, conversationId: CONVERSATION, messageId: messageIdOf(rows.length + 1), senderId: SENDER,
        method: 'POST', target: '/federation/v1/messages', body, fullOnly, attempts: 0, createdAt: at, firstRefusedAt: null,
        state: 'queued', nextAttemptAt: at, errorCode: null,
      };
      rows.push(row);
      byDomain.set(destination, [...(byDomain.get(destination) ?? []), row]);
      return row;
    },
    peers: memoryPeers(peers, peer),
    outbox: counted(memoryOutbox({ rows, byDomain, claims, peer, receipts }), calls),
  };
}

/** Notes the name of each call. */
function counted(outbox: OutboxStore, calls: string[]): OutboxStore {
  const note = <Arguments extends readonly unknown[], Result>(name: string, call: (...given: Arguments) => Result) => (...given: Arguments): Result => {
    calls.push(name);
    return call(...given);
  };
  return {
    claimDestinations: note('claimDestinations', outbox.claimDestinations),
    extendClaims: note('extendClaims', outbox.extendClaims),
    releaseDestination: note('releaseDestination', outbox.releaseDestination),
    listDue: note('listDue', outbox.listDue),
    markDelivered: note('markDelivered', outbox.markDelivered),
    markRetry: note('markRetry', outbox.markRetry),
    markFailed: note('markFailed', outbox.markFailed),
    noteQueueFailure: note('noteQueueFailure', outbox.noteQueueFailure),
    requeueFailed: note('requeueFailed', outbox.requeueFailed),
    deliveryStates: note('deliveryStates', outbox.deliveryStates),
    nextDueAt: note('nextDueAt', outbox.nextDueAt),
  };
}

function memoryReceipts(): MemoryStores['receipts'] {
  const waiting = new Map<Domain, OutgoingReceipt[]>();
  return {
    waiting,
    listDue: async (domain, limit) => (waiting.get(domain) ?? []).slice(0, limit),
    async settle(domain, told) {
      const marks = new Set(told.map(({ mark }) => mark));
      waiting.set(domain, (waiting.get(domain) ?? []).filter(({ mark }) => !marks.has(mark)));
    },
  };
}

function newPeer(domain: Domain): Peer {
  return {
    domain, policy: 'default', keyDocument: null, keyFetchedAt: null, keyFreshUntil: null, lastInboundAt: null,
    lastSuccessAt: null, lastFailureAt: null, lastFailureReason: null, consecutiveFailures: 0, circuitOpenedAt: null, nextAttemptAt: null,
  };
}

function messageIdOf(number: number): MessageId {
  return parseCoreMessageId(Buffer.alloc(32, number % 256).toString('base64url'));
}

function memoryPeers(peers: Map<Domain, Peer>, peer: (domain: Domain) => Peer): PeerStore {
  const failedAtMs = new Map<Domain, readonly number[]>();
  const unused = async (): Promise<never> => {
    throw new Error('The worker has no use for this.');
  };
  return {
    find: async (domain) => peers.get(domain) ?? null,
    list: unused,
    setPolicy: unused,
    saveKeyDocument: unused,
    recordInbound: async (domain, now) => void peers.set(domain, { ...peer(domain), lastInboundAt: now, ...WELL }),
    async recordSuccess(domain, now) {
      failedAtMs.delete(domain);
      peers.set(domain, { ...peer(domain), lastSuccessAt: now, ...WELL });
    },
    async recordFailure(domain, { now, reason, nextAttemptAt }) {
      const before = peer(domain);
      const recent = [...(failedAtMs.get(domain) ?? []), now.getTime()].filter((atMs) => atMs > now.getTime() - CIRCUIT_MS);
      failedAtMs.set(domain, recent);
      const circuitOpenedAt = before.circuitOpenedAt ?? (recent.length >= CIRCUIT_FAILURES ? now : null);
      peers.set(domain, { ...before, lastFailureAt: now, lastFailureReason: reason, nextAttemptAt, circuitOpenedAt, consecutiveFailures: before.consecutiveFailures + 1 });
    },
  };
}

interface Memory {
  readonly rows: readonly MemoryRow[];
  readonly byDomain: ReadonlyMap<Domain, readonly MemoryRow[]>;
  readonly claims: Map<Domain, { readonly workerId: string; readonly untilMs: number }>;
  readonly peer: (domain: Domain) => Peer;
  readonly receipts: MemoryStores['receipts'];
}

function memoryOutbox({ rows, byDomain, claims, peer, receipts }: Memory): OutboxStore {
  const lastTurns = new Map<Domain, number>();
  const queued = (domain: Domain): readonly MemoryRow[] => (byDomain.get(domain) ?? []).filter((row) => row.state === 'queued');
  const change = (id: bigint, to: Partial<MemoryRow>): boolean => {
    const row = rows[Number(id) - 1];
    if (row?.state !== 'queued') return false;
    Object.assign(row, to);
    return true;
  };
  /** Since when something of a domain is due, null where nothing is. */
  const dueSinceMs = (domain: Domain, nowMs: number, isScan: boolean): number | null => {
    if ((peer(domain).nextAttemptAt?.getTime() ?? 0) > nowMs || (claims.get(domain)?.untilMs ?? 0) > nowMs) return null;
    const head = byDomain.get(domain)?.find((row) => row.state === 'queued' && row.nextAttemptAt.getTime() <= nowMs && (!isScan || hasInstant(row)));
    if (head !== undefined) return head.nextAttemptAt.getTime();
    return (receipts.waiting.get(domain) ?? []).length > 0 && !isScan ? nowMs : null;
  };
  /** What `due` looks at: a held queue, a retried item, a claim that ran out. */
  const hasInstant = ({ destination, attempts }: MemoryRow): boolean => attempts > 0 || peer(destination).nextAttemptAt !== null || claims.has(destination);
  return {
    async claimDestinations({ workerId, now, claimMs, limit, scope, groups = [] }) {
      const nowMs = now.getTime();
      const candidates = typeof scope === 'string' ? new Set([...byDomain.keys(), ...receipts.waiting.keys()]) : new Set(scope);
      const free = [...candidates]
        .map((domain) => ({ domain, sinceMs: dueSinceMs(domain, nowMs, scope === 'due') }))
        .flatMap(({ domain, sinceMs }) => (sinceMs === null ? [] : [{ domain, sinceMs: Math.max(sinceMs, lastTurns.get(domain) ?? 0) }]))
        .toSorted((a, b) => a.sinceMs - b.sinceMs)
        .map(({ domain }) => domain);
      const named = new Set(groups.flatMap(({ domains }) => domains));
      const claimed = [
        ...groups.flatMap((group) => free.filter((domain) => group.domains.includes(domain)).slice(0, group.limit)),
        ...free.filter((domain) => !named.has(domain)).slice(0, limit),
      ];
      for (const domain of claimed) claims.set(domain, { workerId, untilMs: nowMs + claimMs });
      return claimed;
    },
    async extendClaims({ domains, workerId, now, claimMs }) {
      const held = domains.filter((domain) => claims.get(domain)?.workerId === workerId);
      for (const domain of held) claims.set(domain, { workerId, untilMs: now.getTime() + claimMs });
      return held;
    },
    async releaseDestination(domain, { workerId, now }) {
      if (claims.get(domain)?.workerId !== workerId) return;
      claims.delete(domain);
      lastTurns.set(domain, now.getTime());
    },
    async listDue(domain, { now, limit, without = [] }) {
      const blocked = new Set<bigint>(without);
      const due: OutboxItem[] = [];
      for (const row of byDomain.get(domain) ?? []) {
        if (row.state !== 'queued') continue;
        if (row.nextAttemptAt.getTime() > now.getTime()) blocked.add(row.conversationKey);
        else if (!blocked.has(row.conversationKey)) due.push({ ...row });
        if (due.length === limit) break;
      }
      return due;
    },
    markDelivered: async (_, ids) => ids.filter((id) => change(id, { state: 'delivered', errorCode: null })),
    markRetry: async ({ id, attempts }, { firstRefusedAt, nextAttemptAt, errorCode }) => change(id, { nextAttemptAt, errorCode, attempts: attempts + 1, firstRefusedAt }),
    async markFailed({ id, destination, conversationKey }, { errorCode, firstRefusedAt = null }) {
      if (!change(id, { state: 'failed', errorCode })) return false;
      for (const row of queued(destination)) if (row.conversationKey === conversationKey && row.id > id) row.firstRefusedAt ??= firstRefusedAt;
      return true;
    },
    noteQueueFailure: async (domain, { errorCode, limit }) => queued(domain).slice(0, limit).map((row) => stateOf(Object.assign(row, { errorCode }))),
    requeueFailed: async () => null,
    deliveryStates: async () => [],
    async nextDueAt() {
      const instants = [...byDomain.keys()].flatMap((domain) => {
        const rows = queued(domain).filter(hasInstant);
        const heldMs = Math.max(peer(domain).nextAttemptAt?.getTime() ?? 0, claims.get(domain)?.untilMs ?? 0);
        return rows.map((row) => Math.max(row.nextAttemptAt.getTime(), heldMs));
      });
      return instants.length === 0 ? null : new Date(Math.min(...instants));
    },
  };
}

function stateOf(row: MemoryRow): DeliveryState {
  const { senderId, destination: domain, state, attempts, errorCode, nextAttemptAt } = row;
  return { conversationId: CONVERSATION, messageId: row.messageId ?? messageIdOf(0), senderId, domain, state, attempts, errorCode, nextAttemptAt };
}
