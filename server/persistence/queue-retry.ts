import type { Domain } from '../../protocol/ids.ts';
import type { Database } from './database.ts';
import type { Statement } from './sql.ts';

/** How many deliveries are tried again: `queued` waited for their instant, `failed` had been given up. */
export interface QueueRetry {
  readonly queued: number;
  readonly failed: number;
}

/** So many that a queue of any depth is through in steps of which none takes long. */
const STEP = 10_000;

/** An instant that has come, where there was none: what looks for those finds the peer at once. */
const FREE_PEER: Statement = {
  name: 'queue_free_peer',
  text: `
    UPDATE peers SET next_attempt_at = $2::timestamptz, consecutive_failures = 0, recent_failures = '{}', circuit_opened_at = NULL WHERE domain = $1`,
};

const FREE_WAITING: Statement = {
  name: 'queue_free_waiting',
  text: `
    UPDATE outbox_items SET next_attempt_at = $2::timestamptz
    WHERE destination = $1 AND state = 'queued' AND id = ANY(ARRAY(
      SELECT id FROM outbox_items WHERE destination = $1 AND next_attempt_at > $2::timestamptz LIMIT ${STEP}))`,
};

const COUNT_QUEUED: Statement = {
  name: 'queue_count',
  text: `SELECT count(*) AS count FROM outbox_items WHERE destination = $1 AND state = 'queued'`,
};

const REQUEUE_FAILED: Statement = {
  name: 'queue_requeue_failed',
  text: `
    UPDATE outbox_items
    SET state = 'queued', attempts = 0, next_attempt_at = NULL, created_at = $2::timestamptz, first_refused_at = NULL, last_error_code = NULL, settled_at = NULL
    WHERE destination = $1 AND state = 'failed' AND id = ANY(ARRAY(
      SELECT id FROM outbox_items WHERE destination = $1 AND state = 'failed' ORDER BY id LIMIT ${STEP}))`,
};

/**
 * Makes everything that is queued for a domain due at `now` and forgets the back-off of the peer. With `failed`, what was
 * given up is queued again, messages and conversation changes alike, with a new schedule and seven new days.
 * @see docs/protocol.md [DEL-2]
 */
export async function retryQueue({ sql }: Pick<Database, 'sql'>, domain: Domain, { now, failed }: { now: Date; failed: boolean }): Promise<QueueRetry> {
  const [counted] = await sql.all<{ readonly count: bigint }>(COUNT_QUEUED, [domain]);
  const inSteps = async (statement: Statement): Promise<number> => {
    let total = 0;
    for (let step = STEP; step === STEP; total += step) step = await sql.count(statement, [domain, now]);
    return total;
  };
  await inSteps(FREE_WAITING);
  const requeued = failed ? await inSteps(REQUEUE_FAILED) : 0;
  await sql.count(FREE_PEER, [domain, now]);
  return { queued: Number(counted?.count ?? 0n), failed: requeued };
}
