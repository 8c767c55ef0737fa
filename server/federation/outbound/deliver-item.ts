import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';
import { NO_OUTCOME } from './delivery-outcome.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import { hold, judgeDelivery, putBack } from './delivery-verdict.ts';
import type { DeliveryFacts, DeliveryVerdict } from './delivery-verdict.ts';
import type { DrainOptions } from './drain-options.ts';
import { OWN_FAULT } from './peer-answer.ts';
import type { PeerAnswer } from './peer-answer.ts';
import { askWhetherWell, isInDoubt } from './peer-standing.ts';
import type { PeerStanding, Wellness } from './peer-standing.ts';

/**
 * Sends one item as a request of its own. What may be the item's own fault puts back the item alone where the peer turns
 * out to be well, and holds the queue where it does not; a peer that is probed has to show itself.
 * @see docs/protocol.md [DEL-1] [DEL-4] [ERR-4]
 */
export async function deliverItem(options: DrainOptions, item: OutboxItem, standing: PeerStanding): Promise<DeliveryOutcome> {
  const { clock, random, observe } = options;
  const shownBefore = standing.shown;
  const answer = await send(options, item);
  if (answer === 'of_no_use') return { ...NO_OUTCOME, delivered: [item] };
  observe?.attempted(item.destination, 1);
  const facts: DeliveryFacts = { item, answer, peerFailures: standing.failures, now: clock.now(), random };
  const verdict = judgeDelivery(facts);
  if (verdict.kind === 'delivered') return { ...NO_OUTCOME, delivered: [item], isShown: true };
  if (verdict.kind === 'failed') return giveUp(item, { verdict, answer });
  const asks = isInDoubt(answer, standing) || (verdict.kind === 'retry' && standing.isProbed);
  if (!asks) return verdict.kind === 'hold' ? { ...NO_OUTCOME, hold: verdict } : setAside(item, verdict);
  const wellness = await askWhetherWell(options, item.destination, { standing, shownBefore });
  return judgeDoubt(facts, { item, verdict, wellness }, standing);
}

function giveUp(item: OutboxItem, { verdict, answer }: { readonly verdict: DeliveryVerdict & { readonly kind: 'failed' }; readonly answer: PeerAnswer }): DeliveryOutcome {
  const isShown = answer.kind === 'refused' && answer.permanent;
  // The later items are listed anew, as they count from the same first refusal from now on.
  const waiting = new Set(verdict.errorCode === 'unknown_conversation' ? [item.conversationKey] : []);
  return { ...NO_OUTCOME, others: [{ item, verdict }], waiting, isShown };
}

interface Doubt {
  readonly item: OutboxItem;
  readonly verdict: DeliveryVerdict & { readonly kind: 'hold' | 'retry' };
  readonly wellness: Wellness;
}

function judgeDoubt(facts: DeliveryFacts, { item, verdict, wellness }: Doubt, standing: PeerStanding): DeliveryOutcome {
  const { errorCode } = verdict;
  const retryAfterSeconds = facts.answer.kind === 'success' ? null : facts.answer.retryAfterSeconds;
  const held = verdict.kind === 'hold' ? verdict : hold(facts, { errorCode, retryAfterSeconds, tellOperator: false });
  if (wellness === 'not_well') return { ...NO_OUTCOME, hold: held };
  standing.failedBatches = 0;
  const aside = setAside(item, verdict.kind === 'retry' ? verdict : putBack(facts, { errorCode, retryAfterSeconds }));
  // What is only believed ends no probe.
  return { ...aside, isShown: wellness === 'shown', hold: wellness === 'believed' && standing.isProbed ? held : null };
}

function setAside(item: OutboxItem, verdict: DeliveryVerdict & { readonly kind: 'retry' }): DeliveryOutcome {
  return { ...NO_OUTCOME, others: [{ item, verdict }], waiting: new Set([item.conversationKey]) };
}

/** A Core peer has no use for what is for Full peers alone: there is nobody to send it to. @see docs/protocol.md, Profiles and words */
async function send({ peerClient, logger }: DrainOptions, item: OutboxItem): Promise<PeerAnswer | 'of_no_use'> {
  const { id, destination, method, target, body, fullOnly } = item;
  try {
    if (fullOnly && (await peerClient.isCore(destination))) return 'of_no_use';
    return await peerClient.send({ destination, method, target, body });
  } catch (error) {
    logger.error({ err: error, destination, itemId: String(id) }, 'could not make a delivery');
    return OWN_FAULT;
  }
}
