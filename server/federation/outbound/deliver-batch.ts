import { BATCH_TARGET } from '../../../protocol/endpoints.ts';
import type { Domain } from '../../../protocol/ids.ts';
import type { OutboxItem } from '../../domain/ports.ts';
import { noteSuccess, OWN_FAULT } from './deliver-item.ts';
import type { PeerStanding } from './deliver-item.ts';
import { judgeDelivery } from './delivery-verdict.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';
import { addCounts, countOf, NOTHING } from './drain-counts.ts';
import type { DrainCounts } from './drain-counts.ts';
import type { DrainOptions } from './drain-options.ts';
import type { FilledBatch } from './fill-batch.ts';
import type { PeerAnswer } from './peer-answer.ts';
import { readBatchAnswer } from './read-batch-answer.ts';
import { settleDelivered, settleDelivery } from './settle-delivery.ts';

/** What became of one request, be it a batch or a lone item. */
export interface DeliveryOutcome {
  readonly counts: DrainCounts;
  /** Whether the whole queue of the peer waits now. */
  readonly isHeld: boolean;
  /** The conversations in which an item was put back. */
  readonly waiting: ReadonlySet<bigint>;
  /** Items about which nothing is known yet, each to be sent as a request of its own, in this order. */
  readonly alone: readonly OutboxItem[];
}

type Judged = Exclude<DeliveryVerdict, { readonly kind: 'delivered' }>;

/** What the answers to the items of a batch come to, before any of it is written down. */
interface Sorted {
  readonly delivered: OutboxItem[];
  readonly others: { readonly item: OutboxItem; readonly verdict: Judged }[];
  readonly alone: OutboxItem[];
  readonly waiting: Set<bigint>;
  hold: { readonly item: OutboxItem; readonly verdict: Judged } | null;
}

const MISDIRECTED_STATUS = 421;
/** Is what a batch's answer says of each item where its results are not those of the items. */
const MALFORMED: PeerAnswer = { kind: 'refused', status: 200, code: null, permanent: false, retryAfterSeconds: null };

/**
 * Sends items in one request, signed once, and settles each by its own result. What only waits behind another item of
 * its conversation stays as it is and counts no attempt. A refusal of the request as such says nothing of its items:
 * they are to be sent one by one.
 * @see docs/protocol.md [API-7] [DEL-1] [ERR-4]
 */
export async function deliverBatch(options: DrainOptions, { items, body }: FilledBatch<OutboxItem>, peer: PeerStanding): Promise<DeliveryOutcome> {
  const first = items[0];
  if (first === undefined) throw new TypeError('a batch has items');
  const { memory } = options;
  const { destination } = first;
  const answer = await memory.pace.time(destination, () => send(options, destination, body));
  if (answer.kind !== 'success') return settleRefused(options, { items, first, answer }, peer);
  const answers = readBatchAnswer(answer.json, items.length);
  if (answers === null) memory.batchless.note(destination);
  return settleSorted(options, { domain: destination, sorted: sortByAnswer(options, { items, answers }, peer) }, peer);
}

async function send({ peerClient, logger }: DrainOptions, destination: Domain, body: string): Promise<PeerAnswer> {
  try {
    return await peerClient.send({ destination, method: 'POST', target: BATCH_TARGET, body });
  } catch (error) {
    logger.error({ err: error, destination }, 'could not send a batch');
    return OWN_FAULT;
  }
}

/** What concerns the peer holds its queue; whatever else there is to say of the request is never taken as said of an item. */
async function settleRefused(
  options: DrainOptions,
  { items, first, answer }: { readonly items: readonly OutboxItem[]; readonly first: OutboxItem; readonly answer: Exclude<PeerAnswer, { readonly kind: 'success' }> },
  peer: PeerStanding,
): Promise<DeliveryOutcome> {
  const { memory, clock, random, logger } = options;
  if (isNoBatchTaker(answer)) memory.batchless.note(first.destination);
  const verdict = judgeDelivery({ item: first, answer, peerFailures: peer.failures, now: clock.now(), random });
  if (verdict.kind === 'hold') {
    await settleDelivery(options, first, verdict);
    return { counts: countOf('hold'), isHeld: true, waiting: new Set(), alone: [] };
  }
  logger.info({ destination: first.destination, answer }, 'a batch was refused as such');
  return { counts: NOTHING, isHeld: false, waiting: new Set(), alone: items };
}

/** A page without a signature is what a proxy says that takes no request of this size; a 5xx passes by itself. */
function isNoBatchTaker(answer: Exclude<PeerAnswer, { readonly kind: 'success' }>): boolean {
  return answer.kind === 'unreachable' ? answer.reason === 'answer_not_authentic' : answer.status < 500;
}

function sortByAnswer(
  { clock, random }: DrainOptions,
  { items, answers }: { readonly items: readonly OutboxItem[]; readonly answers: readonly PeerAnswer[] | null },
  peer: PeerStanding,
): Sorted {
  const sorted: Sorted = { delivered: [], others: [], alone: [], waiting: new Set(), hold: null };
  for (const [place, item] of items.entries()) {
    const answer = answers?.[place] ?? MALFORMED;
    const isBehind = sorted.waiting.has(item.conversationKey);
    // For a 421 the peer is to be looked up anew before it counts, as for any single request.
    const isMisdirected = answer.kind === 'refused' && answer.status === MISDIRECTED_STATUS;
    const verdict = judgeDelivery({ item, answer, peerFailures: peer.failures, now: clock.now(), random, isInBatch: true });
    if (isMisdirected && !isBehind) sorted.alone.push(item);
    else if (verdict.kind === 'delivered') sorted.delivered.push(item);
    else if (verdict.kind === 'failed' && !isMisdirected) sorted.others.push({ item, verdict });
    else if (verdict.kind === 'hold') sorted.hold ??= { item, verdict };
    else if (verdict.kind === 'retry' && !isBehind) sorted.others.push({ item, verdict });
    if (holdsBack(answer, verdict)) sorted.waiting.add(item.conversationKey);
  }
  return sorted;
}

/** An item that the peer counts as coming again made it refuse the later ones of the conversation, also where it is given up here. */
function holdsBack(answer: PeerAnswer, { kind }: DeliveryVerdict): boolean {
  return kind === 'retry' || kind === 'hold' || (answer.kind === 'refused' && answer.code === 'unknown_conversation');
}

async function settleSorted(
  options: DrainOptions,
  { domain, sorted }: { readonly domain: Domain; readonly sorted: Sorted },
  peer: PeerStanding,
): Promise<DeliveryOutcome> {
  const { delivered, others, alone, waiting, hold } = sorted;
  let counts: DrainCounts = { ...NOTHING, delivered: delivered.length };
  if (delivered.length > 0) {
    await settleDelivered(options, delivered);
    await noteSuccess(options, domain, peer);
  }
  for (const { item, verdict } of others) {
    await settleDelivery(options, item, verdict);
    counts = addCounts(counts, countOf(verdict.kind));
  }
  if (hold !== null) {
    await settleDelivery(options, hold.item, hold.verdict);
    counts = addCounts(counts, countOf('hold'));
  }
  return { counts, isHeld: hold !== null, waiting, alone };
}
