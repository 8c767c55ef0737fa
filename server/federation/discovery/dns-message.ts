import packet from 'dns-packet';
import type { Answer } from 'dns-packet';

/** The record types that discovery asks for. */
export type DnsType = 'SRV' | 'TXT' | 'A' | 'AAAA';

/** One place where a service lives; `target` is lower-case without a trailing dot, `.` for "not here". @see RFC 2782 */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** What a record of each type says: TXT chunks are joined, addresses are in their usual text form. */
export interface DnsData {
  readonly SRV: SrvRecord;
  readonly TXT: string;
  readonly A: string;
  readonly AAAA: string;
}

/** What is asked: `name` in lower case without a trailing dot. */
interface DnsQuestion {
  readonly id: number;
  readonly name: string;
  readonly type: DnsType;
}

/** A reply that belongs to the question, names in lower case. */
export interface DnsReply {
  readonly rcode: number;
  readonly truncated: boolean;
  readonly authenticated: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
}

const UDP_PAYLOAD_BYTES = 1232; // what fits into every path without fragments (DNS flag day 2020)
const HEADER_BYTES = 12;
const RESPONSE_BIT = 0x8000;
const OPCODE_BITS = 0x7800;
const RCODE_BITS = 0x000f;

/** Is the rcode of an answer, possibly an empty one. @see RFC 1035 section 4.1.1 */
export const NOERROR = 0;
/** Is the rcode that says that the name does not exist. @see RFC 1035 section 4.1.1 */
export const NXDOMAIN = 3;

/** Encodes a recursive query with EDNS0 that asks for the AD bit. @see RFC 6840 section 5.7, RFC 6891 */
export function encodeDnsQuery({ id, name, type }: DnsQuestion): Uint8Array {
  return packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED | packet.AUTHENTIC_DATA,
    questions: [{ type, name, class: 'IN' }],
    additionals: [
      { type: 'OPT', name: '.', udpPayloadSize: UDP_PAYLOAD_BYTES, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
    ],
  });
}

/** Reads what came back: the reply, `malformed`, or `foreign` for bytes that answer another question. */
export function readDnsReply(bytes: Buffer, question: DnsQuestion): DnsReply | 'malformed' | 'foreign' {
  if (bytes.length < HEADER_BYTES || bytes.readUInt16BE(0) !== question.id) return 'foreign';
  const flags = bytes.readUInt16BE(2);
  if ((flags & RESPONSE_BIT) === 0 || (flags & OPCODE_BITS) !== 0) return 'foreign';
  const decoded = decode(bytes);
  if (decoded === null) return 'malformed';
  const rcode = extendedRcode(flags & RCODE_BITS, decoded.additionals ?? []);
  if (!answersQuestion(decoded.questions ?? [], question, rcode)) return 'foreign';
  return {
    rcode,
    truncated: decoded.flag_tc,
    authenticated: decoded.flag_ad,
    answers: decoded.answers ?? [],
    authorities: decoded.authorities ?? [],
  };
}

function decode(bytes: Buffer): packet.DecodedPacket | null {
  try {
    return packet.decode(bytes);
  } catch {
    return null;
  }
}

/** Joins the header's four bits with the eight that EDNS adds (RFC 6891 section 6.1.3). */
function extendedRcode(low: number, additionals: readonly Answer[]): number {
  const opt = additionals.find((record) => record.type === 'OPT');
  return opt === undefined ? low : (opt.extendedRcode << 4) | low;
}

function answersQuestion(asked: readonly packet.Question[], question: DnsQuestion, rcode: number): boolean {
  const [first, ...others] = asked;
  // A server that could not read the query may leave the question out of its refusal.
  if (first === undefined) return rcode !== NOERROR && rcode !== NXDOMAIN;
  return others.length === 0 && normalizeDnsName(first.name) === question.name && first.type === question.type && first.class === 'IN';
}

/** Folds a name to lower case without its trailing dot; the root stays `.`. @see RFC 4343 */
export function normalizeDnsName(name: string): string {
  const folded = name.toLowerCase();
  return folded.length > 1 && folded.endsWith('.') ? folded.slice(0, -1) : folded;
}

const READERS: { readonly [Type in DnsType]: (record: Answer) => DnsData[Type] | null } = {
  SRV: (record) => (record.type === 'SRV' ? readSrv(record.data) : null),
  TXT: (record) => (record.type === 'TXT' ? joinChunks(record.data) : null),
  A: (record) => (record.type === 'A' ? record.data : null),
  AAAA: (record) => (record.type === 'AAAA' ? record.data : null),
};

/** Reads the records of one type under one name, with the smallest of their TTLs as received. */
export function readRecords<Type extends DnsType>(
  answers: readonly Answer[],
  owner: string,
  type: Type,
): { readonly records: readonly DnsData[Type][]; readonly ttls: readonly number[] } {
  const own = answers.filter((record) => isOwnedBy(record, owner));
  const records = own.map((record) => READERS[type](record));
  return {
    records: records.filter((record) => record !== null),
    ttls: own.filter((_, index) => records[index] !== null).map(ttlOf),
  };
}

/** Finds where a name is an alias to. */
export function findCname(answers: readonly Answer[], owner: string): { readonly target: string; readonly ttl: number } | null {
  const record = answers.find((candidate) => candidate.type === 'CNAME' && isOwnedBy(candidate, owner));
  return record?.type === 'CNAME' ? { target: normalizeDnsName(record.data), ttl: ttlOf(record) } : null;
}

/** Finds the two numbers of an SOA that bound a negative answer. @see RFC 2308 section 3 */
export function findSoa(authorities: readonly Answer[]): { readonly ttl: number; readonly minimum: number } | null {
  const record = authorities.find((candidate) => candidate.type === 'SOA');
  return record?.type === 'SOA' ? { ttl: ttlOf(record), minimum: record.data.minimum ?? 0 } : null;
}

function isOwnedBy(record: Answer, owner: string): boolean {
  return 'class' in record && record.class === 'IN' && normalizeDnsName(record.name) === owner;
}

function ttlOf(record: Answer): number {
  return 'ttl' in record ? (record.ttl ?? 0) : 0;
}

function readSrv(data: packet.SrvData): SrvRecord {
  return { priority: data.priority ?? 0, weight: data.weight ?? 0, port: data.port, target: normalizeDnsName(data.target) };
}

function joinChunks(data: packet.TxtData): string {
  const chunks = Array.isArray(data) ? data : [data];
  return chunks.map((chunk) => (typeof chunk === 'string' ? chunk : chunk.toString('utf8'))).join('');
}
