import packet from 'dns-packet';
import type { Answer, DecodedPacket } from 'dns-packet';

import type { ZoneAnswer, ZoneRecord } from './zone.ts';

/** What goes wrong on purpose for a name; every member is optional and they combine. */
export interface DnsFault {
  /** Answers nothing but this code. */
  readonly rcode?: 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED';
  /** Waits before the answer. */
  readonly delayMs?: number;
  /** Answers UDP with the TC bit and no records, so that the client has to come back over TCP. */
  readonly truncate?: boolean;
  /** Answers nothing at all. */
  readonly drop?: boolean;
}

/** Where answers come from: the records and the faults of a name. */
export interface AnswerSource {
  readonly lookup: (name: string, type: string) => ZoneAnswer;
  readonly faultOf: (name: string) => DnsFault;
}

/** The answer to one query: the bytes to send (`null` for silence), when, and what the query log keeps. */
interface DnsReply {
  readonly bytes: Uint8Array | null;
  readonly delayMs: number;
  readonly question: { readonly name: string; readonly type: string };
  readonly rcode: string;
}

/** Response codes by name (RFC 1035 section 4.1.1, as the last four bits of the flags). */
const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
type Rcode = keyof typeof RCODES;

const HEADER_BYTES = 12;
const PLAIN_UDP_BYTES = 512;
const MAX_UDP_BYTES = 4096;
/** What tells the client how much we take ourselves (RFC 6891 section 6.1). */
const OPT: packet.OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: MAX_UDP_BYTES,
  flags: 0,
  options: [],
  extendedRcode: 0,
  ednsVersion: 0,
  flag_do: false,
};
const NO_QUESTION = { name: '', type: '' } as const;

/**
 * Answers one DNS message (RFC 1035) from records and faults; never throws.
 * Gives `null` for what must not be answered: fewer bytes than a header, and answers (a reply to those could loop).
 */
export function answerQuery(message: Buffer, transport: 'udp' | 'tcp', source: AnswerSource): DnsReply | null {
  if (message.length < HEADER_BYTES || (message.readUInt16BE(2) & 0x8000) !== 0) return null;
  const refuse = (rcode: Rcode): DnsReply => ({ bytes: headerOnly(message, rcode), delayMs: 0, question: NO_QUESTION, rcode });
  if (((message.readUInt16BE(2) >> 11) & 0xf) !== 0) return refuse('NOTIMP');
  try {
    return answerDecoded(packet.decode(message), transport, source) ?? refuse('FORMERR');
  } catch {
    return refuse('FORMERR');
  }
}

function answerDecoded(query: DecodedPacket, transport: 'udp' | 'tcp', source: AnswerSource): DnsReply | null {
  const [asked, ...others] = query.questions ?? [];
  if (asked === undefined || others.length > 0) return null;
  const question = { name: asked.name, type: asked.type };
  const fault = source.faultOf(question.name);
  const delayMs = fault.delayMs ?? 0;
  if (fault.drop === true) return { bytes: null, delayMs, question, rcode: 'DROPPED' };
  const found = asked.class === 'IN' ? source.lookup(question.name, question.type) : null;
  const rcode = fault.rcode ?? found?.rcode ?? 'REFUSED';
  const content = fault.rcode === undefined && found !== null ? found : { answers: [], authorities: [] };
  const limit = transport === 'tcp' ? 0xffff : fault.truncate === true ? 0 : udpLimit(query);
  const whole = encodeReply(query, rcode, { ...content, truncated: false });
  const bytes = whole.length <= limit ? whole : encodeReply(query, rcode, { answers: [], authorities: [], truncated: true });
  return { bytes, delayMs, question, rcode };
}

interface ReplyContent {
  readonly answers: readonly ZoneRecord[];
  readonly authorities: readonly ZoneRecord[];
  readonly truncated: boolean;
}

function encodeReply(query: DecodedPacket, rcode: Rcode, content: ReplyContent): Uint8Array {
  const truncation = content.truncated ? packet.TRUNCATED_RESPONSE : 0;
  const echoed = (query.flags ?? 0) & packet.RECURSION_DESIRED;
  return packet.encode({
    type: 'response',
    id: query.id ?? 0,
    flags: packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE | truncation | echoed | RCODES[rcode],
    questions: query.questions ?? [],
    answers: content.answers.map(toAnswer),
    authorities: content.authorities.map(toAnswer),
    additionals: optOf(query) === undefined ? [] : [OPT],
  });
}

function toAnswer(record: ZoneRecord): Answer {
  const head = { name: record.name, ttl: record.ttlSeconds };
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return { ...head, type: record.type, data: record.address };
    case 'CNAME':
      return { ...head, type: 'CNAME', data: record.target };
    case 'SRV':
      return { ...head, type: 'SRV', data: { priority: record.priority, weight: record.weight, port: record.port, target: record.target } };
    case 'TXT':
      return { ...head, type: 'TXT', data: [...record.chunks] };
    case 'SOA':
      return { ...head, type: 'SOA', data: soaData(record.name, record.minimumSeconds) };
  }
}

function soaData(owner: string, minimum: number): packet.SoaData {
  return { mname: `ns.${owner}`, rname: `hostmaster.${owner}`, serial: 1, refresh: 3600, retry: 600, expire: 86_400, minimum };
}

/** The largest UDP answer that the client takes (RFC 6891 section 6.2.3). */
function udpLimit(query: DecodedPacket): number {
  return Math.min(Math.max(optOf(query)?.udpPayloadSize ?? PLAIN_UDP_BYTES, PLAIN_UDP_BYTES), MAX_UDP_BYTES);
}

function optOf(query: DecodedPacket): packet.OptAnswer | undefined {
  return query.additionals?.find((record) => record.type === 'OPT');
}

function headerOnly(message: Buffer, rcode: Rcode): Uint8Array {
  const reply = Buffer.alloc(HEADER_BYTES);
  message.copy(reply, 0, 0, 2);
  reply.writeUInt16BE(0x8000 | (message.readUInt16BE(2) & 0x7900) | RCODES[rcode], 2);
  return reply;
}
