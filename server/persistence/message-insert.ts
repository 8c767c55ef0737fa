import type { RequestNonce } from '../domain/messages/message-store.ts';
import type { Sql, Statement } from './sql.ts';

/** A message ready to be written, to a conversation as its writer knows it; without one it is only looked for. */
export interface MessageRow {
  readonly conversation: { readonly key: bigint; readonly revision: number } | null;
  readonly originDomain: string;
  readonly messageId: string;
  readonly senderId: string;
  /** JSON text. */
  readonly payload: string;
  readonly timestamp: string;
  readonly contentHash: string;
  readonly receivedAt: Date;
  readonly destinations: readonly string[];
  /** The place among the nonces of that of the request that brought it. */
  readonly nonce: number | null;
}

/** What became of a row; undefined where its conversation is no longer at that revision, or its nonce was known. */
export interface PlacedRow {
  readonly position: number;
  /** Of the message that was there already under this id. */
  readonly known: { readonly contentHash: string; readonly receivedAt: Date } | null;
}

/**
 * Builds the statement that stores nonces, messages and their deliveries in one transaction of one round trip [DEL-1]
 * [SIG-5]; what there is nothing of is left out, since a plan costs by its size. A message is looked up by index for
 * each row, and the end of its conversation in an array, whatever the planner reckons; all rows of a conversation state
 * the same revision. Conversations are locked in the order in which the index of their keys gives
 * them, so that two of these wait for each other but never in a ring; positions and outbox ids are drawn under that lock,
 * so what is visible of a conversation is always a prefix. The payloads travel as bytes behind each other: as an array
 * of texts, full of quotes, they cost both sides more than all the rest.
 */
function insertStatement({ hasNonces, hasDeliveries }: Parts): Statement {
  const isOpen = hasNonces ? ' AND (i.request IS NULL OR i.request IN (SELECT request FROM opened))' : '';
  const fresh = `i.key IS NOT NULL AND i.known_position IS NULL${isOpen}`;
  const nonces = `,
    spent AS (
      INSERT INTO accepted_nonces (key_id, nonce, expires_at)
      SELECT * FROM unnest($15::text[], $16::text[], $17::timestamptz[]) AS r(key_id, nonce, expires_at) ORDER BY key_id, nonce
      ON CONFLICT (key_id, nonce) DO NOTHING RETURNING key_id, nonce),
    opened AS MATERIALIZED (
      SELECT r.request FROM unnest($15::text[], $16::text[]) WITH ORDINALITY AS r(key_id, nonce, request) JOIN spent USING (key_id, nonce))`;
  const deliveries = `,
    queued AS (
      INSERT INTO outbox_items (destination, conversation_key, position, created_at)
      SELECT d.destination, p.key, p.position, p.received_at
      FROM placed p CROSS JOIN LATERAL unnest(string_to_array(p.destinations, ',')) AS d(destination)
      ORDER BY p.n, d.destination)`;
  return {
    name: `message_insert${hasNonces ? '_nonces' : ''}${hasDeliveries ? '_deliveries' : ''}`,
    text: `
    WITH input AS MATERIALIZED (
      SELECT i.*, m.position AS known_position, m.content_hash AS known_hash, m.received_at AS known_since
      FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::timestamptz[], $9::text[], $10::int[], $11::int[], $12::int[])
        WITH ORDINALITY AS i(key, revision, origin, id, sender, stated_at, hash, received_at, destinations, request, payload_at, payload_bytes, n)
      LEFT JOIN LATERAL (
        SELECT position, content_hash, received_at FROM messages WHERE origin_domain = i.origin AND message_id = i.id LIMIT 1) m ON true)
    ${hasNonces ? nonces : ''},
    moved AS (
      UPDATE conversations c SET last_position = c.last_position + t.count
      FROM (SELECT i.key, i.revision, count(*) AS count FROM input i WHERE ${fresh} GROUP BY i.key, i.revision ORDER BY i.key) t
      WHERE c.key = ANY($14::bigint[]) AND c.key = t.key AND c.revision = t.revision
      RETURNING c.key, c.last_position - t.count AS position),
    ends AS MATERIALIZED (SELECT array_agg(key) AS keys, array_agg(position) AS positions FROM moved),
    placed AS MATERIALIZED (
      SELECT i.*, e.positions[array_position(e.keys, i.key)] + row_number() OVER (PARTITION BY i.key ORDER BY i.n) AS position
      FROM input i CROSS JOIN ends e WHERE ${fresh} AND i.key = ANY(e.keys)),
    stored AS (
      INSERT INTO messages (conversation_key, position, origin_domain, message_id, sender_id, payload, timestamp, content_hash, received_at, destinations)
      SELECT p.key, p.position, p.origin, p.id, p.sender, convert_from(substring($13::bytea FROM p.payload_at FOR p.payload_bytes), 'UTF8'),
        p.stated_at, p.hash, p.received_at, string_to_array(p.destinations, ',')
      FROM placed p)
    ${hasDeliveries ? deliveries : ''}
    SELECT n::int, position::float8, NULL AS hash, NULL AS "receivedAt" FROM placed
    UNION ALL SELECT n::int, known_position::float8, known_hash, known_since FROM input WHERE known_position IS NOT NULL
    ${hasNonces ? 'UNION ALL SELECT -request::int, NULL, NULL, NULL FROM opened' : ''}`,
  };
}

interface Parts {
  readonly hasNonces: boolean;
  readonly hasDeliveries: boolean;
}

interface ResultRow {
  readonly n: number;
  readonly position: number | null;
  readonly hash: string | null;
  readonly receivedAt: Date | null;
}

/** Writes what can be written; `opened` holds the places of the nonces that were new. */
export async function insertMessages(
  sql: Sql,
  rows: readonly MessageRow[],
  nonces: readonly RequestNonce[],
): Promise<{ readonly placed: ReadonlyMap<number, PlacedRow>; readonly opened: ReadonlySet<number> }> {
  const keys = new Set(rows.map(({ conversation }) => conversation?.key).filter((key) => key !== undefined));
  const payloads = joinTexts(rows.map(({ payload }) => payload));
  const hasNonces = nonces.length > 0;
  const results = await sql.all<ResultRow>(insertStatement({ hasNonces, hasDeliveries: rows.some(({ destinations }) => destinations.length > 0) }), [
    rows.map(({ conversation }) => conversation?.key ?? null),
    rows.map(({ conversation }) => conversation?.revision ?? null),
    rows.map(({ originDomain }) => originDomain),
    rows.map(({ messageId }) => messageId),
    rows.map(({ senderId }) => senderId),
    rows.map(({ timestamp }) => timestamp),
    rows.map(({ contentHash }) => contentHash),
    rows.map(({ receivedAt }) => receivedAt.toISOString()),
    rows.map(({ destinations }) => destinations.join(',')),
    rows.map(({ nonce }) => (nonce === null ? null : nonce + 1)),
    payloads.places,
    payloads.lengths,
    payloads.bytes,
    [...keys],
    ...(hasNonces ? [nonces.map(({ keyId }) => keyId), nonces.map(({ nonce }) => nonce), nonces.map(({ expiresAt }) => expiresAt.toISOString())] : []),
  ]);
  const placed = new Map<number, PlacedRow>();
  const opened = new Set<number>();
  for (const { n, position, hash, receivedAt } of results) {
    if (position === null) opened.add(-n - 1);
    else placed.set(n - 1, { position, known: hash === null || receivedAt === null ? null : { contentHash: hash, receivedAt } });
  }
  return { placed, opened };
}

/** Puts texts behind each other, with the place of each, counted from 1, and its length in bytes. */
function joinTexts(texts: readonly string[]): { readonly bytes: Buffer; readonly places: readonly number[]; readonly lengths: readonly number[] } {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  let end = 1;
  const places = lengths.map((length) => (end += length) - length);
  const bytes = Buffer.allocUnsafe(end - 1);
  for (const [index, text] of texts.entries()) bytes.write(text, (places[index] ?? 1) - 1);
  return { bytes, places, lengths };
}
