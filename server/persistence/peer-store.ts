import type { Peer, PeerPolicy, PeerStore } from '../domain/ports.ts';
import type { PrismaClient } from './generated/client.ts';
import type { PeerModel } from './generated/models.ts';
import { parseStoredDomain } from './stored-id.ts';

/** How much newer an inbound request must be to be worth a write: a busy peer sends a hundred a second. */
const INBOUND_GRAIN_MS = 1_000;

/** Creates the store of known domains on PostgreSQL. */
export function createPrismaPeerStore(prisma: PrismaClient): PeerStore {
  const write = async (domain: string, columns: PeerColumns): Promise<void> => {
    await prisma.peer.upsert({ where: { domain }, create: { domain, ...columns }, update: columns });
  };
  return {
    async find(domain) {
      const row = await prisma.peer.findUnique({ where: { domain } });
      return row === null ? null : toPeer(row);
    },
    async list() {
      return (await prisma.peer.findMany({ orderBy: { domain: 'asc' } })).map(toPeer);
    },
    setPolicy: (domain, policy) => write(domain, { policy }),
    saveKeyDocument: (domain, { json, fetchedAt, freshUntil }) =>
      write(domain, { keyDocument: json, keyFetchedAt: fetchedAt, keyFreshUntil: freshUntil }),
    async recordInbound(domain, now) {
      const grain = new Date(now.getTime() - INBOUND_GRAIN_MS);
      await prisma.$executeRaw`
        INSERT INTO peers (domain, last_inbound_at)
        SELECT ${domain}, ${now}::timestamptz
        WHERE NOT EXISTS (
          SELECT 1 FROM peers
          WHERE domain = ${domain} AND last_inbound_at > ${grain}::timestamptz AND next_attempt_at IS NULL AND consecutive_failures = 0)
        ON CONFLICT (domain) DO UPDATE SET
          last_inbound_at = GREATEST(peers.last_inbound_at, EXCLUDED.last_inbound_at), next_attempt_at = NULL, consecutive_failures = 0`;
    },
    recordSuccess: (domain, now) => write(domain, { lastSuccessAt: now, consecutiveFailures: 0, nextAttemptAt: null }),
    async recordFailure(domain, { now, reason, nextAttemptAt }) {
      const columns = { lastFailureAt: now, lastFailureReason: reason, nextAttemptAt };
      await prisma.peer.upsert({
        where: { domain },
        create: { domain, ...columns, consecutiveFailures: 1 },
        update: { ...columns, consecutiveFailures: { increment: 1 } },
      });
    },
  };
}

type PeerColumns = Partial<Pick<PeerModel, 'policy' | 'keyDocument' | 'keyFetchedAt' | 'keyFreshUntil' | 'lastSuccessAt' | 'consecutiveFailures' | 'nextAttemptAt'>>;

function toPeer(row: PeerModel): Peer {
  return {
    domain: parseStoredDomain(row.domain),
    policy: toPolicy(row.policy),
    keyDocument: row.keyDocument,
    keyFetchedAt: row.keyFetchedAt,
    keyFreshUntil: row.keyFreshUntil,
    lastInboundAt: row.lastInboundAt,
    lastSuccessAt: row.lastSuccessAt,
    lastFailureAt: row.lastFailureAt,
    lastFailureReason: row.lastFailureReason,
    consecutiveFailures: row.consecutiveFailures,
    nextAttemptAt: row.nextAttemptAt,
  };
}

function toPolicy(text: string): PeerPolicy {
  return text === 'allowed' || text === 'blocked' ? text : 'default';
}
