import packet from 'dns-packet';
import { CLASS_IN, decodeDnsMessage, DNS_TYPES, TRUNCATED_BIT } from './dns-wire.ts';
import type { DnsRecord, DnsRecordData, DnsWireQuestion } from './dns-wire.ts';

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
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
}

const UDP_PAYLOAD_BYTES = 1232; // what fits into every path without fragments (DNS flag day 2020)
const HEADER_BYTES = 12;
const RESPONSE_BIT = 0x8000;
const OPCODE_BITS = 0x7800;
const RCODE_BITS = 0x000f;
const AUTHENTIC_BIT = 0x0020;
/** Names that come out of DNS may have any bytes; those that are asked for have none that need an escape. */
const PLAIN_NAME = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/;

/** Is the rcode of an answer, possibly an empty one. @see RFC 1035 section 4.1.1 */
export const NOERROR = 0;
/** Is the rcode that says that the name does not exist. @see RFC 1035 section 4.1.1 */
export const NXDOMAIN = 3;

/** Encodes a recursive query with EDNS0 that asks for the AD bit; throws for a name that has no plain labels. @see RFC 6840 section 5.7, RFC 6891 */
export function encodeDnsQuery({ id, name, type }: DnsQuestion): Uint8Array {
  if (!PLAIN_NAME.test(name)) throw new RangeError('The labels of a name that is asked for are 1 to 63 of a-z, 0-9, _ and -.');
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
  const message = decodeDnsMessage(bytes);
  if (message === null) return 'malformed';
  const { questions, answers, authorities, additionals } = message;
  const rcode = extendedRcode(flags & RCODE_BITS, additionals);
  if (!answersQuestion(questions, question, rcode)) return 'foreign';
  return { rcode, truncated: (flags & TRUNCATED_BIT) !== 0, authenticated: (flags & AUTHENTIC_BIT) !== 0, answers, authorities };
}

/** Joins the header's four bits with the eight that EDNS adds (RFC 6891 section 6.1.3). */
function extendedRcode(low: number, additionals: readonly DnsRecord[]): number {
  const opt = additionals.find(({ data }) => data.type === 'OPT');
  return opt?.data.type === 'OPT' ? (opt.data.extendedRcode << 4) | low : low;
}

function answersQuestion(asked: readonly DnsWireQuestion[], question: DnsQuestion, rcode: number): boolean {
  const [first, ...others] = asked;
  // A server that could not read the query may leave the question out of its refusal.
  if (first === undefined) return rcode !== NOERROR && rcode !== NXDOMAIN;
  return others.length === 0 && first.name === question.name && first.type === DNS_TYPES[question.type] && first.class === CLASS_IN;
}

/** Folds a name to lower case without its trailing dot; the root stays `.`. @see RFC 4343 */
export function normalizeDnsName(name: string): string {
  const folded = name.toLowerCase();
  return folded.length > 1 && folded.endsWith('.') ? folded.slice(0, -1) : folded;
}

const READERS: { readonly [Type in DnsType]: (data: DnsRecordData) => DnsData[Type] | null } = {
  SRV: (data) => (data.type === 'SRV' ? readSrv(data) : null),
  TXT: (data) => (data.type === 'TXT' ? data.text : null),
  A: (data) => (data.type === 'A' ? data.text : null),
  AAAA: (data) => (data.type === 'AAAA' ? data.text : null),
};

/** Reads the records of one type under one name, with the smallest of their TTLs as received. */
export function readRecords<Type extends DnsType>(
  answers: readonly DnsRecord[],
  owner: string,
  type: Type,
): { readonly records: readonly DnsData[Type][]; readonly ttls: readonly number[] } {
  const own = answers.filter((record) => record.owner === owner && record.data.type === type);
  return { records: own.map(({ data }) => READERS[type](data)).filter((read) => read !== null), ttls: own.map(({ ttl }) => ttl) };
}

/** Finds where a name is an alias to. */
export function findCname(answers: readonly DnsRecord[], owner: string): { readonly target: string; readonly ttl: number } | null {
  const record = answers.find((candidate) => candidate.owner === owner && candidate.data.type === 'CNAME');
  return record?.data.type === 'CNAME' ? { target: record.data.target, ttl: record.ttl } : null;
}

/** Finds the two numbers of an SOA that bound a negative answer. @see RFC 2308 section 3 */
export function findSoa(authorities: readonly DnsRecord[]): { readonly ttl: number; readonly minimum: number } | null {
  const record = authorities.find(({ data }) => data.type === 'SOA');
  return record?.data.type === 'SOA' ? { ttl: record.ttl, minimum: record.data.minimum } : null;
}

function readSrv({ priority, weight, port, target }: SrvRecord): SrvRecord {
  return { priority, weight, port, target };
}
