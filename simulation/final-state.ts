import type { ConversationId, Domain, UserId } from '../protocol/ids.ts';
import type { WireConversation, WireDelivery, WireMessage } from '../server/domain/wire.ts';
import type { Client } from './client.ts';
import type { InstanceHost } from './instance-host.ts';
import type { PostgresGround } from './postgres-ground.ts';

/** A message as a database holds it. */
export interface StoredRow {
  readonly conversationId: string;
  readonly position: number;
  readonly originDomain: string;
  readonly messageId: string;
  readonly senderId: string;
}

/** What one person sees of one conversation. */
export interface Timeline {
  readonly userId: UserId;
  readonly conversation: WireConversation;
  readonly messages: readonly WireMessage[];
  /** Where their own messages are. */
  readonly deliveries: readonly WireDelivery[];
}

/** What one domain holds, and what its people see of it. */
export interface DomainState {
  readonly domain: Domain;
  readonly rows: readonly StoredRow[];
  /** The last position that was given in each conversation, as the database notes it. */
  readonly lastPositions: ReadonlyMap<string, number>;
  readonly timelines: readonly Timeline[];
  /** Changes of members that its peers have refused for good. */
  readonly failedChanges: readonly FailedChange[];
}

/** A change of members that a peer has refused for good. */
interface FailedChange {
  readonly conversationId: string;
  readonly destination: string;
  readonly action: string;
  readonly epoch: number;
  readonly code: string;
}

const PAGE = 200;
const MOST_TRIES = 20;

/** Reads what a domain holds: the timelines as its people do, the rows from the database. */
export async function readDomain(host: InstanceHost, clients: readonly Client[], ground: PostgresGround): Promise<DomainState> {
  const timelines = await Promise.all(clients.filter((client) => client.host === host).map(readTimelines));
  const conversations = await ground.query<{ id: string; last: string }>(host.databaseName, 'SELECT id, last_position AS last FROM conversations');
  return {
    domain: host.domain,
    rows: await readRows(host, ground),
    lastPositions: new Map(conversations.map(({ id, last }) => [id, Number(last)])),
    timelines: timelines.flat(),
    failedChanges: await ground.query<FailedChange>(
      host.databaseName,
      `SELECT destination, last_error_code AS code, body::json->>'conversationId' AS "conversationId", body::json->>'action' AS action, (body::json->>'epoch')::int AS epoch
       FROM outbox_items WHERE state = 'failed' AND body IS NOT NULL ORDER BY id`,
    ),
  };
}

/** Reads the messages of a domain in order of position. */
export async function readRows(host: InstanceHost, ground: PostgresGround): Promise<readonly StoredRow[]> {
  const rows = await ground.query<Omit<StoredRow, 'position'> & { position: string }>(
    host.databaseName,
    `SELECT c.id AS "conversationId", m.position, m.origin_domain AS "originDomain", m.message_id AS "messageId", m.sender_id AS "senderId"
     FROM messages m JOIN conversations c ON c.key = m.conversation_key ORDER BY c.id, m.position`,
  );
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}

/** Counts what a domain has still to send. */
export async function countQueued(host: InstanceHost, ground: PostgresGround): Promise<number> {
  const [row] = await ground.query<{ queued: number }>(host.databaseName, "SELECT count(*)::int AS queued FROM outbox_items WHERE state = 'queued'");
  return row?.queued ?? 0;
}

/** Reads which peers something waits for, and what is noted of them. */
export async function describeWaiting(host: InstanceHost, ground: PostgresGround): Promise<readonly object[]> {
  return ground.query(
    host.databaseName,
    `SELECT p.domain, count(*)::int AS queued, count(DISTINCT o.conversation_key)::int AS conversations, array_agg(DISTINCT o.last_error_code) AS codes, min(o.next_attempt_at) AS "itemsFrom", p.next_attempt_at AS "peerFrom", p.claimed_by AS "claimedBy", p.claimed_until AS "claimedUntil",
       p.last_failure_reason AS "lastFailure"
     FROM outbox_items o LEFT JOIN peers p ON p.domain = o.destination WHERE o.state = 'queued' GROUP BY p.domain`,
  );
}

async function readTimelines(client: Client): Promise<readonly Timeline[]> {
  const conversations = await ask(client, (procedures) => procedures.conversations.list());
  const timelines: Timeline[] = [];
  for (const conversation of conversations) timelines.push(await readTimeline(client, conversation));
  return timelines;
}

async function readTimeline(client: Client, conversation: WireConversation): Promise<Timeline> {
  const conversationId: ConversationId = conversation.conversationId;
  const messages: WireMessage[] = [];
  const deliveries: WireDelivery[] = [];
  for (let isWhole = false; !isWhole; ) {
    const after = messages.at(-1)?.position ?? 0;
    const page = await ask(client, (procedures) => procedures.messages.list({ conversationId, after, limit: PAGE }));
    messages.push(...page.messages);
    deliveries.push(...page.deliveries);
    isWhole = page.messages.length < PAGE;
  }
  return { userId: client.userId, conversation, messages, deliveries };
}

/** Asks again where a connection of before a fault is only found out by its use. */
async function ask<Result>(client: Client, request: Parameters<typeof client.call<Result>>[0]): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await client.call(request);
    if (outcome.kind === 'answer') return outcome.value;
    if (outcome.kind === 'refused' || tries === MOST_TRIES) throw new Error(`${client.userId} could not read: ${JSON.stringify(outcome)}`);
  }
}
