import { userPublicKeyTarget } from '../../../protocol/endpoints.ts';
import { domainOf } from '../../../protocol/ids.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { MAX_ANSWER_BYTES } from '../../../protocol/limits.ts';
import type { Clock } from '../../domain/ports.ts';
import type { PeerEndpoint } from '../../federation/discovery/peer-connector.ts';
import type { Network } from '../../network.ts';
import { ask } from './ask.ts';
import type { TimedOutcome } from './ask.ts';

/** A way in which proxies change paths. */
export type PathChange = 'slashes' | 'escapes' | 'dots' | 'end';

/** What came back for the one right spelling of a request-target, and for wrong ones that a proxy might put right. */
export interface PathFacts {
  readonly canonical: TimedOutcome;
  readonly changed: readonly { readonly change: PathChange; readonly outcome: TimedOutcome }[];
}

/** Asks without a signature, which spends nothing and is refused by the form of the target first. @see docs/protocol.md [SIG-3] [ERR-3] */
export async function probePath(network: Network, clock: Clock, { endpoint, userId }: { readonly endpoint: PeerEndpoint; readonly userId: UserId }): Promise<PathFacts> {
  const target = userPublicKeyTarget(userId);
  const spellings: readonly (readonly [PathChange, string])[] = [
    ['slashes', target.replace('/users/', '//users/')],
    ['escapes', target.replace('@', '%40')],
    ['dots', target.replace('/users/', '/./users/')],
    ['end', `${target}/`],
  ];
  const send = (spelling: string): Promise<TimedOutcome> => ask(network, clock, { domain: domainOf(userId), endpoint, target: spelling, maxAnswerBytes: MAX_ANSWER_BYTES });
  const canonical = await send(target);
  const changed = await Promise.all(spellings.map(async ([change, spelling]) => ({ change, outcome: await send(spelling) })));
  return { canonical, changed };
}
