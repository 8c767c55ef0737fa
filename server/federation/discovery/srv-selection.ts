import type { SrvRecord } from './dns-message.ts';

/** What a set of SRV records asks for. */
type SrvSelection = { readonly kind: 'no_federation' } | { readonly kind: 'targets'; readonly records: readonly SrvRecord[] };

const MAX_TARGETS = 10;
const NOT_HERE = '.';

/**
 * Orders SRV records for one attempt: lowest priority first, weighted choice inside a priority, at most 10.
 * A set of exactly one record with target `.` means no federation; beside others it is left out.
 * `random` gives numbers from 0 up to 1.
 * @see docs/protocol.md [DISC-2]; RFC 2782, "Usage rules"
 */
export function selectSrvTargets(records: readonly SrvRecord[], random: () => number): SrvSelection {
  if (records.length === 1 && records[0]?.target === NOT_HERE) return { kind: 'no_federation' };
  const usable = records.filter((record) => record.target !== NOT_HERE && record.port > 0);
  const priorities = [...new Set(usable.map((record) => record.priority))].sort((a, b) => a - b);
  const ordered = priorities.flatMap((priority) => orderByWeight(usable.filter((record) => record.priority === priority), random));
  return { kind: 'targets', records: ordered.slice(0, MAX_TARGETS) };
}

function orderByWeight(records: readonly SrvRecord[], random: () => number): readonly SrvRecord[] {
  // RFC 2782 leaves the order among equals open: shuffled, records of weight 0 share what falls to them.
  const shuffled = shuffle(records, random);
  let rest = [...shuffled.filter((record) => record.weight === 0), ...shuffled.filter((record) => record.weight > 0)];
  const ordered: SrvRecord[] = [];
  while (rest.length > 0) {
    const chosen = chooseByWeight(rest, random);
    ordered.push(...rest.slice(chosen, chosen + 1));
    rest = rest.toSpliced(chosen, 1);
  }
  return ordered;
}

/** Gives the index of the first record whose running sum of weights reaches a number from 0 to the whole sum. */
function chooseByWeight(records: readonly SrvRecord[], random: () => number): number {
  const total = records.reduce((sum, record) => sum + record.weight, 0);
  const mark = Math.floor(random() * (total + 1));
  let sum = 0;
  return records.findIndex((record) => (sum += record.weight) >= mark);
}

function shuffle(records: readonly SrvRecord[], random: () => number): readonly SrvRecord[] {
  return records
    .map((record) => ({ record, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ record }) => record);
}
