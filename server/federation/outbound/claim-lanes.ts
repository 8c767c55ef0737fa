import type { Domain } from '../../../protocol/ids.ts';
import type { OutboxStore } from '../../domain/ports.ts';
import type { PeerPace } from './peer-pace.ts';

/** What is drained now, by whose pace, and what is not to be claimed. */
interface LaneFacts {
  readonly underWay: readonly Domain[];
  readonly pace: PeerPace;
  readonly without: ReadonlySet<Domain>;
}

/** How many destinations may be claimed, of which. */
type Lanes = Pick<Parameters<OutboxStore['claimDestinations']>[0], 'limit' | 'groups'>;

/** These are kept for the domains that answer quickly: nobody else is ever claimed into them. */
const QUICK_DRAINS = 64;
/** All others together; what turns slow while it is under way may go beyond, never beyond the sum of both. */
const OTHER_DRAINS = 256;
/** No more of the domains that are known to be slow are begun. */
const SLOW_DRAINS = 32;

/**
 * Says how many destinations may be claimed now: up to 64 that answer quickly, up to 32 that are slow, and of those that
 * are not known yet as many as fit into 256 with every one that is not quick.
 * @see docs/protocol.md [DEL-4]
 */
export function openLanes({ underWay, pace, without }: LaneFacts): Lanes {
  const quickUnderWay = underWay.filter((domain) => pace.isQuick(domain)).length;
  const slowUnderWay = underWay.filter((domain) => pace.isSlow(domain)).length;
  const room = Math.max(0, OTHER_DRAINS - (underWay.length - quickUnderWay));
  const slow = Math.min(room, Math.max(0, SLOW_DRAINS - slowUnderWay));
  const quick = Math.max(0, Math.min(QUICK_DRAINS - quickUnderWay, QUICK_DRAINS + OTHER_DRAINS - underWay.length));
  const known = pace.known();
  const wanted = (domains: readonly Domain[]): readonly Domain[] => domains.filter((domain) => !without.has(domain));
  return {
    limit: room - slow,
    groups: [
      { domains: wanted(known.quick), limit: quick },
      { domains: wanted(known.slow), limit: slow },
      { domains: [...without], limit: 0 },
    ],
  };
}
