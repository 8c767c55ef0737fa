import type { Peer, PeerPolicy, PeerStore } from '../domain/ports.ts';
import type { Database } from './database.ts';
import type { Statement } from './sql.ts';
import { parseStoredDomain } from './stored-id.ts';

/** How much newer a sign of life must be to be worth a write: a busy peer gives a hundred a second. */
const SIGN_OF_LIFE_GRAIN_MS = 1_000;
const CIRCUIT_FAILURES = 5;
const CIRCUIT_WINDOW_MS = 10 * 60_000;

const COLUMNS = `domain, policy, key_document AS "keyDocument", key_fetched_at AS "keyFetchedAt", key_fresh_until AS "keyFreshUntil",
  last_inbound_at AS "lastInboundAt", last_success_at AS "lastSuccessAt", last_failure_at AS "lastFailureAt",
  last_failure_reason AS "lastFailureReason", consecutive_failures AS "consecutiveFailures", circuit_opened_at AS "circuitOpenedAt",
  next_attempt_at AS "nextAttemptAt"`;

const FIND: Statement = { name: 'peer_find', text: `SELECT ${COLUMNS} FROM peers WHERE domain = $1` };
const LIST: Statement = { name: 'peer_list', text: `SELECT ${COLUMNS} FROM peers ORDER BY domain COLLATE "C"` };

const SET_POLICY: Statement = {
  name: 'peer_set_policy',
  text: 'INSERT INTO peers (domain, policy) VALUES ($1, $2) ON CONFLICT (domain) DO UPDATE SET policy = EXCLUDED.policy',
};

const SAVE_KEY_DOCUMENT: Statement = {
  name: 'peer_save_key_document',
  text: `
    INSERT INTO peers (domain, key_document, key_fetched_at, key_fresh_until) VALUES ($1, $2, $3, $4)
    ON CONFLICT (domain) DO UPDATE SET
      key_document = EXCLUDED.key_document, key_fetched_at = EXCLUDED.key_fetched_at, key_fresh_until = EXCLUDED.key_fresh_until`,
};

/** Whatever shows that a peer is there ends its back-off and closes its circuit; without any, once a second is enough. */
function signOfLife(name: string, column: string): Statement {
  return {
    name,
    text: `
      INSERT INTO peers (domain, ${column})
      SELECT $1, $2::timestamptz
      WHERE NOT EXISTS (
        SELECT 1 FROM peers
        WHERE domain = $1 AND ${column} > $3::timestamptz AND next_attempt_at IS NULL AND consecutive_failures = 0 AND circuit_opened_at IS NULL)
      ON CONFLICT (domain) DO UPDATE SET
        ${column} = GREATEST(peers.${column}, EXCLUDED.${column}), next_attempt_at = NULL, consecutive_failures = 0,
        recent_failures = '{}', circuit_opened_at = NULL`,
  };
}

const RECORD_INBOUND = signOfLife('peer_record_inbound', 'last_inbound_at');
const RECORD_SUCCESS = signOfLife('peer_record_success', 'last_success_at');

/** The circuit opens with the failure that is the fifth within ten minutes, and stays open from then on [DEL-4]. */
const RECORD_FAILURE: Statement = {
  name: 'peer_record_failure',
  text: `
    INSERT INTO peers AS p (domain, last_failure_at, last_failure_reason, next_attempt_at, consecutive_failures, recent_failures)
    VALUES ($1, $2::timestamptz, $3, $4::timestamptz, 1, ARRAY[$2::timestamptz])
    ON CONFLICT (domain) DO UPDATE SET
      last_failure_at = EXCLUDED.last_failure_at, last_failure_reason = EXCLUDED.last_failure_reason, next_attempt_at = EXCLUDED.next_attempt_at,
      consecutive_failures = p.consecutive_failures + 1,
      recent_failures = (p.recent_failures || EXCLUDED.recent_failures)[GREATEST(cardinality(p.recent_failures) - ${CIRCUIT_FAILURES - 2}, 1):],
      circuit_opened_at = COALESCE(p.circuit_opened_at, CASE
        WHEN p.recent_failures[cardinality(p.recent_failures) - ${CIRCUIT_FAILURES - 2}] >= $5::timestamptz THEN EXCLUDED.last_failure_at END)`,
};

/** Creates the store of known domains on PostgreSQL. */
export function createPostgresPeerStore({ sql }: Pick<Database, 'sql'>): PeerStore {
  const recordLife = async (statement: Statement, domain: string, now: Date): Promise<void> => {
    await sql.count(statement, [domain, now, new Date(now.getTime() - SIGN_OF_LIFE_GRAIN_MS)]);
  };
  return {
    async find(domain) {
      const [row] = await sql.all<PeerRow>(FIND, [domain]);
      return row === undefined ? null : toPeer(row);
    },
    async list() {
      return (await sql.all<PeerRow>(LIST, [])).map(toPeer);
    },
    async setPolicy(domain, policy) {
      await sql.count(SET_POLICY, [domain, policy]);
    },
    async saveKeyDocument(domain, { json, fetchedAt, freshUntil }) {
      await sql.count(SAVE_KEY_DOCUMENT, [domain, json, fetchedAt, freshUntil]);
    },
    recordInbound: (domain, now) => recordLife(RECORD_INBOUND, domain, now),
    recordSuccess: (domain, now) => recordLife(RECORD_SUCCESS, domain, now),
    async recordFailure(domain, { now, reason, nextAttemptAt }) {
      await sql.count(RECORD_FAILURE, [domain, now, reason, nextAttemptAt, new Date(now.getTime() - CIRCUIT_WINDOW_MS)]);
    },
  };
}

interface PeerRow extends Omit<Peer, 'domain' | 'policy'> {
  readonly domain: string;
  readonly policy: string;
}

function toPeer(row: PeerRow): Peer {
  return { ...row, domain: parseStoredDomain(row.domain), policy: toPolicy(row.policy) };
}

function toPolicy(text: string): PeerPolicy {
  return text === 'allowed' || text === 'blocked' ? text : 'default';
}
