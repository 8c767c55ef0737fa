/** What every record carries; `name` may hold one `*` label, which stands for one or more whole labels. */
interface RecordHead {
  readonly name: string;
  readonly ttlSeconds: number;
}

/**
 * One DNS record. In `target` a `*` is replaced by the labels that the `*` of `name` stood for,
 * so that one record can give every name below a domain a target of its own.
 */
export type ZoneRecord = RecordHead &
  (
    | { readonly type: 'A' | 'AAAA'; readonly address: string }
    | { readonly type: 'CNAME'; readonly target: string }
    | { readonly type: 'SRV'; readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
    | { readonly type: 'TXT'; readonly chunks: readonly string[] }
    | { readonly type: 'SOA'; readonly minimumSeconds: number }
  );

/** The types of record that the fake DNS can hold. */
type ZoneRecordType = ZoneRecord['type'];

/** What a zone knows about one question, CNAMEs followed. */
export interface ZoneAnswer {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly ZoneRecord[];
  readonly authorities: readonly ZoneRecord[];
}

/** A changeable set of records that answers questions. */
export interface Zone {
  add(...records: readonly ZoneRecord[]): void;
  /** Removes the records of exactly this name (a pattern counts as its own text), all types unless one is given. */
  remove(name: string, type?: ZoneRecordType): void;
  lookup(name: string, type: string): ZoneAnswer;
}

/** The SOA of negative answers where no SOA record encloses the name; `null` leaves such answers without one. */
export type DefaultSoa = { readonly ttlSeconds: number; readonly minimumSeconds: number } | null;

/** Folds a name to what it is compared by: lower case, no trailing dot (RFC 4343). */
export function foldName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** Tells which labels the `*` of a pattern stands for in a name: `''` where both are equal, `null` where it does not fit. */
export function capturePattern(pattern: string, name: string): string | null {
  if (pattern === name) return '';
  const [head, tail, ...more] = pattern.split('*');
  if (head === undefined || tail === undefined || more.length > 0) return null;
  const fits = name.startsWith(head) && name.endsWith(tail) && name.length > head.length + tail.length;
  return fits ? name.slice(head.length, name.length - tail.length) : null;
}

/** Creates a zone; exact names win over patterns, longer patterns over shorter ones. */
export function createZone(initial: readonly ZoneRecord[], defaultSoa: DefaultSoa): Zone {
  let records: readonly ZoneRecord[] = [];
  const add: Zone['add'] = (...added) => {
    records = [...records, ...added.map((record) => ({ ...record, name: foldName(record.name) }))];
  };
  add(...initial);
  return {
    add,
    remove(name, type) {
      const gone = foldName(name);
      records = records.filter((record) => record.name !== gone || (type !== undefined && record.type !== type));
    },
    lookup: (name, type) => lookup(records, defaultSoa, { name: foldName(name), type }),
  };
}

interface Question {
  readonly name: string;
  readonly type: string;
}

function lookup(records: readonly ZoneRecord[], defaultSoa: DefaultSoa, question: Question): ZoneAnswer {
  const answers: ZoneRecord[] = [];
  const seen = new Set<string>();
  let current = question.name;
  while (!seen.has(current)) {
    seen.add(current);
    const owned = recordsOf(records, current);
    const wanted = owned.filter((record) => record.type === question.type || question.type === 'ANY');
    if (wanted.length > 0) return { rcode: 'NOERROR', answers: [...answers, ...wanted], authorities: [] };
    const alias = owned.find((record) => record.type === 'CNAME');
    if (alias?.type !== 'CNAME') {
      const rcode = owned.length > 0 || hasNamesBelow(records, current) ? 'NOERROR' : 'NXDOMAIN';
      return { rcode, answers, authorities: enclosingSoa(records, defaultSoa, current) };
    }
    answers.push(alias);
    current = foldName(alias.target);
  }
  return { rcode: 'NOERROR', answers, authorities: [] };
}

/** The records of the pattern that fits a name best, written for that name. */
function recordsOf(records: readonly ZoneRecord[], name: string): readonly ZoneRecord[] {
  const fitting = records.map((record) => record.name).filter((pattern) => capturePattern(pattern, name) !== null);
  if (fitting.length === 0) return [];
  const best = fitting.includes(name) ? name : fitting.reduce((left, right) => (right.length > left.length ? right : left));
  const captured = capturePattern(best, name) ?? '';
  return records
    .filter((record) => record.name === best)
    .map((record) => ('target' in record ? { ...record, name, target: record.target.replace('*', captured) } : { ...record, name }));
}

/** A name that only leads to others exists: its answer is NODATA, not NXDOMAIN (RFC 8020). */
function hasNamesBelow(records: readonly ZoneRecord[], name: string): boolean {
  return records.some((record) => record.name.slice(record.name.lastIndexOf('*') + 1).endsWith(`.${name}`));
}

function enclosingSoa(records: readonly ZoneRecord[], defaultSoa: DefaultSoa, name: string): readonly ZoneRecord[] {
  const labels = name.split('.');
  for (let from = 0; from < labels.length; from += 1) {
    const owner = labels.slice(from).join('.');
    const found = records.find((record) => record.type === 'SOA' && record.name === owner);
    if (found !== undefined) return [found];
  }
  return defaultSoa === null ? [] : [{ name: labels.at(-1) ?? '', type: 'SOA', ...defaultSoa }];
}
