import { BATCH_TARGET } from '../../../protocol/endpoints.ts';
import type { Domain } from '../../../protocol/ids.ts';
import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';
import { NO_OUTCOME } from './delivery-outcome.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import { hold as holdQueue, judgeDelivery } from './delivery-verdict.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';
import type { DrainOptions } from './drain-options.ts';
import { batchText } from './fill-batch.ts';
import { OWN_FAULT } from './peer-answer.ts';
import type { PeerAnswer } from './peer-answer.ts';
import { askWhetherWell, isInDoubt } from './peer-standing.ts';
import type { PeerStanding } from './peer-standing.ts';
import { readBatchAnswer } from './read-batch-answer.ts';

/** Several items for one peer; `texts` are theirs, and behind them that of events where the batch carries any. */
export interface Batch {
  readonly domain: Domain;
  readonly items: readonly OutboxItem[];
  readonly texts: readonly string[];
}

type Refusal = Exclude<PeerAnswer, { readonly kind: 'success' }>;

const MISDIRECTED_STATUS = 421;
/** After so many in a row without an item found at fault it is taken to be batches that the peer does not take. */
const FAILURES_OF_BATCHES = 2;

/**
 * Sends items in one request, signed once; each has its own result. What only waits behind another item of its
 * conversation stays as it is and counts no attempt. A failure of the request as such says nothing of its items: unless
 * it is the peer's own, they are to be sent one by one.
 * @see docs/protocol.md [API-7] [DEL-1] [ERR-4]
 */
export async function deliverBatch(options: DrainOptions, batch: Batch, standing: PeerStanding): Promise<DeliveryOutcome> {
  const { domain, items, texts } = batch;
  const before = { shownBefore: standing.shown, failedBefore: standing.failedBatches };
  const answer = await send(options, domain, batchText(texts));
  options.observe?.attempted(domain, items.length);
  if (answer.kind !== 'success') return judgeRefused(options, { batch, answer, ...before }, standing);
  const answers = readBatchAnswer(answer.json, texts.length);
  if (answers === null) {
    options.memory.batchless.note(domain);
    return { ...oneByOne(batch), isShown: true };
  }
  standing.failedBatches = 0;
  const outcome = sortByAnswer(options, { items, answers }, standing);
  return texts.length > items.length ? { ...outcome, events: judgeEvents(answers.at(-1)) } : outcome;
}

async function send({ peerClient, logger }: DrainOptions, destination: Domain, body: string): Promise<PeerAnswer> {
  try {
    return await peerClient.send({ destination, method: 'POST', target: BATCH_TARGET, body });
  } catch (error) {
    logger.error({ err: error, destination }, 'could not send a batch');
    return OWN_FAULT;
  }
}

function oneByOne({ items, texts }: Batch): DeliveryOutcome {
  return { ...NO_OUTCOME, alone: items, events: texts.length > items.length ? 'kept' : 'none' };
}

interface RefusedBatch {
  readonly batch: Batch;
  readonly answer: Refusal;
  readonly shownBefore: number;
  readonly failedBefore: number;
}

/** What concerns the peer holds its queue; whatever else there is to say of the request is never taken as said of an item. */
async function judgeRefused(options: DrainOptions, refused: RefusedBatch, standing: PeerStanding): Promise<DeliveryOutcome> {
  const { clock, random, logger } = options;
  const { batch, answer, shownBefore } = refused;
  const { domain, items } = batch;
  const [first] = items;
  const facts = { item: first ?? { attempts: 0, createdAt: clock.now(), firstRefusedAt: null }, answer, peerFailures: standing.failures, now: clock.now(), random };
  const verdict = judgeDelivery(facts);
  const apart = oneByOne(batch);
  if (verdict.kind === 'failed' && answer.kind === 'unreachable') return { ...apart, alone: [], others: items.map((item) => ({ item, verdict })) };
  const wellness = isInDoubt(answer, standing) ? await askWhetherWell(options, domain, { standing, shownBefore }) : null;
  if (wellness === 'not_well' && verdict.kind === 'retry') {
    const { errorCode } = verdict;
    return { ...apart, alone: [], hold: holdQueue(facts, { errorCode, retryAfterSeconds: answer.retryAfterSeconds, tellOperator: false }) };
  }
  if (verdict.kind === 'hold' && (wellness === null || wellness === 'not_well')) return { ...apart, alone: [], hold: verdict };
  logger.info({ destination: domain, answer }, 'a batch was refused as such');
  noteRefusedBatch(options, refused, standing);
  return { ...apart, isShown: wellness === 'shown' };
}

/** Of those under way at once only one counts, and none that failed by a fault of the server: that passes. */
function noteRefusedBatch({ memory }: DrainOptions, { batch, answer, failedBefore }: RefusedBatch, standing: PeerStanding): void {
  const isAboutBatches = answer.kind === 'refused' && answer.status < 500;
  if (answer.kind === 'unreachable' && standing.failedBatches === failedBefore) standing.failedBatches += 1;
  if (isAboutBatches || standing.failedBatches >= FAILURES_OF_BATCHES) memory.batchless.note(batch.domain);
}

function judgeEvents(answer: PeerAnswer | undefined): 'told' | 'kept' {
  if (answer?.kind === 'success') return 'told';
  return answer?.kind === 'refused' && answer.permanent ? 'told' : 'kept';
}

function sortByAnswer(
  { clock, random }: DrainOptions,
  { items, answers }: { readonly items: readonly OutboxItem[]; readonly answers: readonly PeerAnswer[] },
  standing: PeerStanding,
): DeliveryOutcome {
  if (answers.every(({ kind }) => kind === 'success')) return { ...NO_OUTCOME, delivered: items, isShown: true };
  const now = clock.now();
  const [delivered, alone]: [OutboxItem[], OutboxItem[]] = [[], []];
  const others: { readonly item: OutboxItem; readonly verdict: DeliveryVerdict & { readonly kind: 'failed' | 'retry' } }[] = [];
  const waiting = new Set<bigint>();
  let hold: DeliveryOutcome['hold'] = null;
  for (const [place, item] of items.entries()) {
    const answer = answers[place];
    if (answer === undefined) continue;
    const isBehind = waiting.has(item.conversationKey);
    // For a 421 the peer is to be looked up anew before it counts, as for any single request.
    const isMisdirected = answer.kind === 'refused' && answer.status === MISDIRECTED_STATUS;
    const verdict = judgeDelivery({ item, answer, peerFailures: standing.failures, now, random, isInBatch: true });
    if (isMisdirected && !isBehind) alone.push(item);
    else if (verdict.kind === 'delivered') delivered.push(item);
    else if (verdict.kind === 'failed' && !isMisdirected) others.push({ item, verdict });
    else if (verdict.kind === 'hold') hold ??= verdict;
    else if (verdict.kind === 'retry' && !isBehind) others.push({ item, verdict });
    if (holdsBack(answer, verdict)) waiting.add(item.conversationKey);
  }
  return { ...NO_OUTCOME, delivered, others, alone, waiting, hold, isShown: delivered.length > 0 };
}

/** An item that the peer counts as coming again made it refuse the later ones of the conversation, also where it is given up here. */
function holdsBack(answer: PeerAnswer, { kind }: DeliveryVerdict): boolean {
  return kind === 'retry' || kind === 'hold' || (answer.kind === 'refused' && answer.code === 'unknown_conversation');
}
