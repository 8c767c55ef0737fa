import type { SrvRecord } from './dns-message.ts';
import { isHostName } from './host-name.ts';

/** What a set of SRV records asks for; no records where none leads anywhere. */
type SrvSelection = { readonly kind: 'no_federation' } | { readonly kind: 'targets'; readonly records: readonly SrvRecord[] };

/** Bounds the targets of one attempt. @see docs/protocol.md [DISC-2] */
export const MAX_TARGETS = 10;

const NOT_HERE = '.';

/** Tells whether a set of records says that the domain does not federate: exactly one, with the target `.`. @see docs/protocol.md [DISC-2] */
export function declinesFederation(records: readonly SrvRecord[]): boolean {
  return records.length === 1 && records[0]?.target === NOT_HERE;
}

/** Tells whether a record leads anywhere: to a host name and a port. @see docs/protocol.md [DISC-2] */
export function isUsableSrv({ target, port }: SrvRecord): boolean {
  return port > 0 && isHostName(target);
}

/**
 * Chooses SRV records for one attempt: of those that lead anywhere at most 10, lowest priority first, by weight inside
 * a priority. `random` gives numbers from 0 up to 1.
 * @see docs/protocol.md [DISC-2]; RFC 2782, "Usage rules"
 */
export function selectSrvTargets(records: readonly SrvRecord[], random: () => number): SrvSelection {
  if (declinesFederation(records)) return { kind: 'no_federation' };
  const chosen: SrvRecord[] = [];
  const byPriority = Map.groupBy(records.filter(isUsableSrv), ({ priority }) => priority);
  for (const [, equals] of [...byPriority].sort(([a], [b]) => a - b)) {
    if (chosen.length >= MAX_TARGETS) break;
    chosen.push(...chooseByWeight(equals, MAX_TARGETS - chosen.length, random));
  }
  return { kind: 'targets', records: chosen };
}

/** Chooses at most `count` records of one priority; whoever chose on would get the same first ones. */
function chooseByWeight(records: readonly SrvRecord[], count: number, random: () => number): readonly SrvRecord[] {
  // RFC 2782 leaves the order among equals open: shuffled, records of weight 0 share what falls to them.
  const shuffled = shuffle(records, random);
  const rest = [...shuffled.filter(({ weight }) => weight === 0), ...shuffled.filter(({ weight }) => weight > 0)];
  const chosen: SrvRecord[] = [];
  while (rest.length > 0 && chosen.length < count) chosen.push(...rest.splice(drawByWeight(rest, random), 1));
  return chosen;
}

/** Gives the index of the first record whose running sum of weights reaches a number from 0 to the whole sum. */
function drawByWeight(records: readonly SrvRecord[], random: () => number): number {
  const total = records.reduce((sum, { weight }) => sum + weight, 0);
  const mark = Math.floor(random() * (total + 1));
  let sum = 0;
  return records.findIndex(({ weight }) => (sum += weight) >= mark);
}

function shuffle(records: readonly SrvRecord[], random: () => number): readonly SrvRecord[] {
  return records
    .map((record) => ({ record, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ record }) => record);
}
