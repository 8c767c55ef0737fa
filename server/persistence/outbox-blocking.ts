/**
 * That an item which waits for its own instant stands before item `o` in its conversation, with the instant after `now`
 * (null: whenever it is). A scalar query, because a planner with old statistics would turn a plain NOT EXISTS into a join
 * over all that waits for a destination; and only the index of conversations serves it, as the instant is compared as a
 * truth value.
 */
export function isBlocked(domain: string, now: string | null): string {
  const waits = `e.next_attempt_at IS NOT NULL${now === null ? '' : ` AND (e.next_attempt_at > ${now}) IS TRUE`}`;
  return `(SELECT true FROM outbox_items e WHERE e.destination = ${domain} AND e.conversation_key = o.conversation_key AND e.id < o.id AND ${waits} LIMIT 1) IS TRUE`;
}
