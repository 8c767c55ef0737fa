import { EVENTS_TARGET } from '../../../protocol/endpoints.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { NO_OUTCOME } from './delivery-outcome.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import { hold, judgeDelivery } from './delivery-verdict.ts';
import type { DrainOptions } from './drain-options.ts';
import type { PackedEvents } from './pack-events.ts';
import { OWN_FAULT } from './peer-answer.ts';
import type { PeerAnswer } from './peer-answer.ts';
import { askWhetherWell, isInDoubt } from './peer-standing.ts';
import type { PeerStanding } from './peer-standing.ts';

/**
 * Sends events as a request of their own. A Core peer has no use for them; what a peer refuses for good is told no more;
 * only a failure of the peer itself holds its queue.
 * @see docs/protocol.md [API-8] [ERR-4]
 */
export async function deliverEvents(
  options: DrainOptions,
  { domain, packed }: { readonly domain: Domain; readonly packed: PackedEvents },
  standing: PeerStanding,
): Promise<DeliveryOutcome> {
  const { clock, random, observe } = options;
  const shownBefore = standing.shown;
  const answer = await send(options, domain, packed.body);
  if (answer === 'of_no_use') return { ...NO_OUTCOME, events: 'told' };
  observe?.attempted(domain, 0);
  const now = clock.now();
  const facts = { item: { attempts: 0, createdAt: now, firstRefusedAt: null }, peerFailures: standing.failures, now, random };
  const verdict = judgeDelivery({ answer, ...facts });
  if (verdict.kind === 'delivered') return { ...NO_OUTCOME, events: 'told', isShown: true };
  if (verdict.kind === 'failed') return { ...NO_OUTCOME, events: 'told', isShown: answer.kind === 'refused' };
  const kept: DeliveryOutcome = { ...NO_OUTCOME, events: 'kept' };
  const asks = isInDoubt(answer, standing) || (verdict.kind === 'retry' && standing.isProbed);
  if (!asks) return verdict.kind === 'hold' ? { ...kept, hold: verdict } : kept;
  const isShown = (await askWhetherWell(options, domain, { standing, shownBefore })) === 'shown';
  if (isShown) return { ...kept, isShown };
  const { errorCode } = verdict;
  return { ...kept, hold: verdict.kind === 'hold' ? verdict : hold(facts, { errorCode, retryAfterSeconds: null, tellOperator: false }) };
}

async function send({ peerClient, logger }: DrainOptions, destination: Domain, body: string): Promise<PeerAnswer | 'of_no_use'> {
  try {
    if (await peerClient.isCore(destination)) return 'of_no_use';
    return await peerClient.send({ destination, method: 'POST', target: EVENTS_TARGET, body });
  } catch (error) {
    logger.error({ err: error, destination }, 'could not tell a peer of events');
    return OWN_FAULT;
  }
}
