import type { Domain } from '../../../protocol/ids.ts';
import type { OutboxItem } from '../../domain/ports.ts';
import { judgeDelivery } from './delivery-verdict.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';
import type { DrainOptions } from './drain-options.ts';
import type { PeerAnswer } from './peer-answer.ts';
import { settleDelivery } from './settle-delivery.ts';

/** What is known of a peer during one turn: its failures in a row, and whether a success was written down already. */
export interface PeerStanding {
  failures: number;
  successNoted: boolean;
}

const DONE: DeliveryVerdict = { kind: 'delivered' };
/** Is what a fault of ours comes to: the others of the peer must not wait for it. */
export const OWN_FAULT: PeerAnswer = { kind: 'refused', status: 500, code: 'internal_error', permanent: false, retryAfterSeconds: null };

/** Sends one item as a request of its own and settles it. @see docs/protocol.md [DEL-1] [ERR-4] */
export async function deliverItem(options: DrainOptions, item: OutboxItem, peer: PeerStanding): Promise<DeliveryVerdict> {
  const { memory, clock, random } = options;
  const answer = await memory.pace.time(item.destination, () => send(options, item));
  if (answer === 'of_no_use') {
    await settleDelivery(options, item, DONE);
    return DONE;
  }
  const verdict = judgeDelivery({ item, answer, peerFailures: peer.failures, now: clock.now(), random });
  await settleDelivery(options, item, verdict);
  if (verdict.kind === 'delivered') await noteSuccess(options, item.destination, peer);
  return verdict;
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

/** Writes down that a peer took something, once per turn: a write for each message would tell nothing more. */
export async function noteSuccess({ peers, clock }: DrainOptions, domain: Domain, peer: PeerStanding): Promise<void> {
  if (peer.successNoted) return;
  await peers.recordSuccess(domain, clock.now());
  peer.failures = 0;
  peer.successNoted = true;
}
