import type { Domain } from '../../../protocol/ids.ts';
import type { ClaimScope, OutboxStore } from '../../domain/outbox/outbox-store.ts';
import type { PeerPace } from './peer-pace.ts';

/** What is served now, by whose pace, where to look, and what is not to be claimed. */
interface LaneFacts {
  readonly underWay: readonly Domain[];
  readonly pace: PeerPace;
  readonly scope: ClaimScope;
  readonly without: ReadonlySet<Domain>;
}

type Claim = Parameters<OutboxStore['claimDestinations']>[0];

/** How many destinations may be claimed, of which; the first group are the quick, the second the slow. */
type Lanes = Pick<Claim, 'limit'> & { readonly groups: NonNullable<Claim['groups']> };

/** These are kept for the domains that answer quickly: nobody else is ever claimed into them. */
const QUICK_LANES = 64;
/** All others together; what turns slow while it is under way may go beyond, never beyond the sum of both. */
const OTHER_LANES = 256;
/** No more of the domains that are known to be slow are begun. */
const SLOW_LANES = 32;
/** So many are left for domains that something was queued for just now, where a walk through the queue finds many others. */
const FRESH_LANES = 64;

/**
 * Says how many destinations may be claimed now: up to 64 that answer quickly, up to 32 that are slow, and of those that
 * are not known yet as many as fit into 256 with every one that is not quick, 64 fewer where nobody just asked for them.
 * @see docs/protocol.md [DEL-4]
 */
export function openLanes({ underWay, pace, scope, without }: LaneFacts): Lanes {
  const places = countPlaces(underWay, pace);
  const known = typeof scope === 'string' ? pace.known() : { quick: scope.filter((domain) => pace.isQuick(domain)), slow: scope.filter((domain) => pace.isSlow(domain)) };
  const wanted = (domains: readonly Domain[]): readonly Domain[] => (without.size === 0 ? domains : domains.filter((domain) => !without.has(domain)));
  return {
    limit: Math.max(0, places.unknown - (typeof scope === 'string' ? FRESH_LANES : 0)),
    groups: [
      { domains: wanted(known.quick), limit: places.quick },
      { domains: wanted(known.slow), limit: places.slow },
      { domains: [...without], limit: 0 },
    ],
  };
}

/** Tells whether a domain whose lane was idle may have a place. */
export function hasPlace(domain: Domain, { underWay, pace }: Pick<LaneFacts, 'underWay' | 'pace'>): boolean {
  const places = countPlaces(underWay, pace);
  if (pace.isQuick(domain)) return places.quick > 0;
  return (pace.isSlow(domain) ? places.slow : places.unknown) > 0;
}

function countPlaces(underWay: readonly Domain[], pace: PeerPace): { readonly quick: number; readonly slow: number; readonly unknown: number } {
  const quickUnderWay = underWay.filter((domain) => pace.isQuick(domain)).length;
  const slowUnderWay = underWay.filter((domain) => pace.isSlow(domain)).length;
  const room = Math.max(0, OTHER_LANES - (underWay.length - quickUnderWay));
  const slow = Math.min(room, Math.max(0, SLOW_LANES - slowUnderWay));
  const quick = Math.max(0, Math.min(QUICK_LANES - quickUnderWay, QUICK_LANES + OTHER_LANES - underWay.length));
  return { quick, slow, unknown: room - slow };
}
