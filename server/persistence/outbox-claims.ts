import type { Domain } from '../../protocol/ids.ts';
import type { ClaimScope, OutboxStore } from '../domain/outbox/outbox-store.ts';
import { isBlocked } from './outbox-blocking.ts';
import { nextReceiptDestination, receiptsDueSince } from './receipt-destinations.ts';
import type { Sql, SqlValue, Statement } from './sql.ts';
import { parseStoredDomain } from './stored-id.ts';

// Nothing here reads a queue from end to end: destinations are stepped through by index, and of each at most its first
// items are looked at. Instants are compared with $1, the present one.

/** Steps from destination to destination of what is queued or given up, and of receipts. */
const EVERYWHERE = `
    queues AS (
      SELECT '' AS destination
      UNION ALL
      SELECT (SELECT o.destination FROM outbox_items o WHERE o.destination > q.destination ORDER BY o.destination LIMIT 1)
      FROM queues q WHERE q.destination IS NOT NULL),
    receipts AS (
      SELECT '' AS destination
      UNION ALL
      SELECT ${nextReceiptDestination('q.destination')} FROM receipts q WHERE q.destination IS NOT NULL),
    candidates AS MATERIALIZED (
      SELECT destination AS domain, NULL::timestamptz AS since FROM queues WHERE destination <> ''
      UNION SELECT destination, NULL FROM receipts WHERE destination <> '')`;

/** The first item to wait for its instant at each destination where any does. */
const WAITING = `
    waiting AS (
      (SELECT destination, next_attempt_at FROM outbox_items WHERE next_attempt_at IS NOT NULL ORDER BY destination, next_attempt_at LIMIT 1)
      UNION ALL
      SELECT n.destination, n.next_attempt_at FROM waiting w CROSS JOIN LATERAL (
        SELECT o.destination, o.next_attempt_at FROM outbox_items o
        WHERE o.next_attempt_at IS NOT NULL AND o.destination > w.destination ORDER BY o.destination, o.next_attempt_at LIMIT 1) n)`;

const DUE = `${WAITING},
    candidates AS MATERIALIZED (
      SELECT domain, max(since) AS since FROM (
        SELECT destination AS domain, next_attempt_at AS since FROM waiting WHERE next_attempt_at <= $1
        UNION ALL SELECT domain, next_attempt_at FROM peers WHERE next_attempt_at <= $1
        UNION ALL SELECT domain, claimed_until FROM peers WHERE claimed_by IS NOT NULL AND claimed_until <= $1) AS came
      GROUP BY domain)`;

const NAMED = `
    candidates AS MATERIALIZED (SELECT DISTINCT domain, NULL::timestamptz AS since FROM unnest($4::text[]) AS named(domain))`;

/** Since when the first item that nothing holds back has been due, null where there is none; an item waits for its own instant and for those before it in its conversation. */
const itemDueSince = (domain: string): string => `
      (SELECT COALESCE(o.next_attempt_at, o.created_at) FROM outbox_items o
       WHERE o.destination = ${domain} AND o.state = 'queued' AND (o.next_attempt_at IS NULL OR o.next_attempt_at <= $1)
         AND NOT ${isBlocked(domain, '$1')}
       ORDER BY o.id LIMIT 1)`;
const dueSince = (domain: string): string => `LEAST(${itemDueSince(domain)}, ${receiptsDueSince(domain)})`;

/** Something that waits for no instant of its own. */
const hasUntried = (domain: string): string => `
      ((SELECT true FROM outbox_items o
        WHERE o.destination = ${domain} AND o.state = 'queued' AND o.next_attempt_at IS NULL
          AND NOT ${isBlocked(domain, null)}
        ORDER BY o.id LIMIT 1) OR ${receiptsDueSince(domain)} IS NOT NULL)`;

/** When the live claim of a peer ends; the end of a turn, which a released one keeps, holds nobody back, though a clock that is set back may not have reached it. */
const CLAIM_ENDS_AT = 'CASE WHEN p.claimed_by IS NOT NULL THEN p.claimed_until END';
/** Nobody claims for longer than $3, and no two clocks are as far apart as that: what goes on for twice as long was claimed by a clock that ran ahead. */
const IS_FREE = `(p.next_attempt_at IS NULL OR p.next_attempt_at <= $1)
  AND (p.claimed_by IS NULL OR p.claimed_until IS NULL OR p.claimed_until <= $1 OR p.claimed_until > $3 + ($3 - $1))`;

/** The free destinations of a lane, those first that have waited longest since they were due, freed, or had their turn. */
function freeOf(index: number, which: string, limit: string): string {
  return `
    free_${index} AS MATERIALIZED (
      SELECT s.domain, s.is_new
      FROM (SELECT * FROM ready WHERE ${which} ORDER BY since, domain OFFSET 0) s
      LEFT JOIN LATERAL (SELECT p.domain FROM peers p WHERE p.domain = s.domain AND ${IS_FREE} FOR UPDATE SKIP LOCKED) p ON true
      WHERE ${dueSince('s.domain')} IS NOT NULL AND (s.is_new OR p.domain IS NOT NULL) LIMIT ${limit})`;
}

/** Builds the statement for a scope and a number of groups: parameters from $5 are the names and limit of each, then those of all others. */
function claimStatement(kind: 'everywhere' | 'due' | 'named', groupCount: number): Statement {
  const others = 5 + 2 * groupCount;
  const lanes = [
    ...Array.from({ length: groupCount }, (_, index) => freeOf(index, `domain = ANY($${5 + 2 * index}::text[])`, `$${6 + 2 * index}::int`)),
    freeOf(groupCount, `domain <> ALL($${others}::text[])`, `$${others + 1}::int`),
  ];
  const text = `
    WITH RECURSIVE ${{ everywhere: EVERYWHERE, due: DUE, named: NAMED }[kind]},
    open AS MATERIALIZED (
      SELECT c.domain, p.domain IS NULL AS is_new, c.since, GREATEST(p.next_attempt_at, p.claimed_until) AS freed_at
      FROM candidates c LEFT JOIN LATERAL (SELECT * FROM peers WHERE domain = c.domain LIMIT 1) p ON true
      WHERE ${IS_FREE} AND $4::text[] IS NOT NULL),
    ready AS MATERIALIZED (
      SELECT domain, is_new, GREATEST(COALESCE(since, ${dueSince('open.domain')}), freed_at) AS since FROM open),
    ${lanes.join(',')},
    free AS MATERIALIZED (${lanes.map((_, index) => `SELECT * FROM free_${index}`).join(' UNION ALL ')}),
    claimed AS (
      UPDATE peers SET claimed_by = $2, claimed_until = $3
      WHERE domain = ANY(ARRAY(SELECT domain FROM free WHERE NOT is_new)) RETURNING domain),
    met AS (
      INSERT INTO peers (domain, claimed_by, claimed_until) SELECT domain, $2, $3 FROM free WHERE is_new ORDER BY domain
      ON CONFLICT (domain) DO NOTHING RETURNING domain)
    SELECT domain FROM claimed UNION ALL SELECT domain FROM met`;
  return { name: `outbox_claim_${kind}_${groupCount}`, text: text.replace(/\$([13])(?!\d)/g, '$$$1::timestamptz') };
}

const EXTEND: Statement = {
  name: 'outbox_extend',
  text: `UPDATE peers SET claimed_until = $4::timestamptz
    WHERE domain = ANY($1::text[]) AND claimed_by = $2 AND claimed_until > $3::timestamptz RETURNING domain`,
};

/** A claim that ended says when the domain had its last turn. */
const RELEASE: Statement = {
  name: 'outbox_release',
  text: 'UPDATE peers SET claimed_by = NULL, claimed_until = $3::timestamptz WHERE domain = $1 AND claimed_by = $2',
};

/** GREATEST passes over nulls. A claimed destination is due for others when the claim ends. */
const NEXT_DUE_AT: Statement = {
  name: 'outbox_next_due_at',
  text: `
    WITH RECURSIVE ${WAITING}
    SELECT min(at) AS at FROM (
      (SELECT min(GREATEST(w.next_attempt_at, p.next_attempt_at, ${CLAIM_ENDS_AT})) AS at
       FROM waiting w LEFT JOIN LATERAL (SELECT * FROM peers WHERE domain = w.destination LIMIT 1) p ON true)
      UNION ALL
      (SELECT s.next_attempt_at
       FROM (SELECT domain, next_attempt_at FROM peers WHERE next_attempt_at IS NOT NULL AND claimed_by IS NULL ORDER BY next_attempt_at OFFSET 0) s
       WHERE ${hasUntried('s.domain')} LIMIT 1)
      UNION ALL
      (SELECT min(GREATEST(p.claimed_until, p.next_attempt_at)) FROM peers p WHERE p.claimed_by IS NOT NULL AND ${hasUntried('p.domain')})) instants`,
};

/** Creates the part of the outbox that says which process drains which destination, and when [DEL-5]. */
export function createOutboxClaims(sql: Sql): Pick<OutboxStore, 'claimDestinations' | 'extendClaims' | 'releaseDestination' | 'nextDueAt'> {
  return {
    async claimDestinations({ workerId, now, claimMs, scope, limit, groups = [] }) {
      if (limit <= 0 && groups.every((group) => group.limit <= 0)) return [];
      const values: readonly SqlValue[] = [
        now, workerId, new Date(now.getTime() + claimMs), typeof scope === 'string' ? [] : scope,
        ...groups.flatMap((group) => [group.domains, Math.max(group.limit, 0)]),
        groups.flatMap(({ domains }) => domains), Math.max(limit, 0),
      ];
      return readDomains(await sql.all<DomainRow>(claimStatement(kindOf(scope), groups.length), values));
    },
    async extendClaims({ domains, workerId, now, claimMs }) {
      if (domains.length === 0) return [];
      return readDomains(await sql.all<DomainRow>(EXTEND, [domains, workerId, now, new Date(now.getTime() + claimMs)]));
    },
    async releaseDestination(domain, { workerId, now }) {
      await sql.count(RELEASE, [domain, workerId, now]);
    },
    async nextDueAt() {
      const [row] = await sql.all<{ readonly at: Date | null }>(NEXT_DUE_AT, []);
      return row?.at ?? null;
    },
  };
}

interface DomainRow {
  readonly domain: string;
}

function readDomains(rows: readonly DomainRow[]): readonly Domain[] {
  return rows.map(({ domain }) => parseStoredDomain(domain));
}

function kindOf(scope: ClaimScope): 'everywhere' | 'due' | 'named' {
  return typeof scope === 'string' ? scope : 'named';
}
