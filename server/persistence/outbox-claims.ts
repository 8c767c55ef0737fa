import type { OutboxStore } from '../domain/ports.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { parseStoredDomain } from './stored-id.ts';

/** The first queued item per destination and conversation, walked to by index: what is behind it waits for it. */
const HEADS = Prisma.sql`
    WITH RECURSIVE heads AS (
      (SELECT destination, conversation_key, next_attempt_at FROM outbox_items
       WHERE state = 'queued' ORDER BY destination, conversation_key, id LIMIT 1)
      UNION ALL
      SELECT n.destination, n.conversation_key, n.next_attempt_at FROM heads h CROSS JOIN LATERAL (
        SELECT o.destination, o.conversation_key, o.next_attempt_at FROM outbox_items o
        WHERE o.state = 'queued' AND (o.destination, o.conversation_key) > (h.destination, h.conversation_key)
        ORDER BY o.destination, o.conversation_key, o.id LIMIT 1) n)`;

/** Creates the part of the outbox that says which process drains which destination, and when [DEL-5]. */
export function createOutboxClaims(
  prisma: PrismaClient,
): Pick<OutboxStore, 'claimDestinations' | 'extendClaim' | 'releaseDestination' | 'nextDueAt'> {
  return {
    async claimDestinations({ workerId, now, claimMs, limit, groups = [] }) {
      const until = new Date(now.getTime() + claimMs);
      const named = groups.flatMap(({ domains }) => domains);
      const lanes: readonly Lane[] = [
        ...groups.map((group) => ({ which: Prisma.sql`p.domain = ANY(${[...group.domains]}::text[])`, limit: group.limit })),
        { which: Prisma.sql`p.domain <> ALL(${named}::text[])`, limit },
      ].filter((lane) => lane.limit > 0);
      if (lanes.length === 0) return [];
      const rows = await prisma.$queryRaw<{ readonly domain: string }[]>`
        ${HEADS},
        due AS MATERIALIZED (
          SELECT destination, min(next_attempt_at) AS since FROM heads WHERE next_attempt_at <= ${now}::timestamptz GROUP BY destination),
        ${Prisma.join(lanes.map((lane, index) => freeOf(lane, index, now)))}
        UPDATE peers SET claimed_by = ${workerId}, claimed_until = ${until}::timestamptz
        FROM (${Prisma.join(lanes.map((_, index) => Prisma.sql`SELECT domain FROM ${nameOf(index)}`), ' UNION ALL ')}) free
        WHERE peers.domain = free.domain RETURNING peers.domain`;
      return rows.map(({ domain }) => parseStoredDomain(domain));
    },
    async extendClaim({ domain, workerId, now, claimMs }) {
      const { count } = await prisma.peer.updateMany({
        where: { domain, claimedBy: workerId, claimedUntil: { gt: now } },
        data: { claimedUntil: new Date(now.getTime() + claimMs) },
      });
      return count === 1;
    },
    async releaseDestination(domain, { workerId, now }) {
      // A claim that ended says when the domain had its last turn.
      await prisma.peer.updateMany({ where: { domain, claimedBy: workerId }, data: { claimedBy: null, claimedUntil: now } });
    },
    async nextDueAt() {
      // A claimed destination becomes due for others when the claim ends; GREATEST passes over nulls.
      const rows = await prisma.$queryRaw<{ readonly at: Date | null }[]>`
        ${HEADS}
        SELECT min(GREATEST(h.next_attempt_at, p.next_attempt_at, p.claimed_until)) AS at
        FROM heads h LEFT JOIN peers p ON p.domain = h.destination`;
      return rows[0]?.at ?? null;
    },
  };
}

/** Domains that are claimed up to a limit of their own; `which` speaks of peer `p`. */
interface Lane {
  readonly which: Prisma.Sql;
  readonly limit: number;
}

/** The free destinations of one lane, those first that have waited longest; GREATEST passes over nulls. */
function freeOf({ which, limit }: Lane, index: number, now: Date): Prisma.Sql {
  return Prisma.sql`${nameOf(index)} AS MATERIALIZED (
    SELECT p.domain FROM peers p JOIN due ON due.destination = p.domain
    WHERE (p.next_attempt_at IS NULL OR p.next_attempt_at <= ${now}::timestamptz)
      AND (p.claimed_until IS NULL OR p.claimed_until <= ${now}::timestamptz) AND ${which}
    ORDER BY GREATEST(due.since, p.claimed_until), p.domain LIMIT ${limit} FOR UPDATE OF p SKIP LOCKED)`;
}

function nameOf(index: number): Prisma.Sql {
  return Prisma.raw(`free_${index}`);
}
