import packet from 'dns-packet';
import type { Answer } from 'dns-packet';
import { findCname, findSoa, readDnsReply, readRecords } from '../../../server/federation/discovery/dns-message.ts';
import type { DnsReply } from '../../../server/federation/discovery/dns-message.ts';
import { decodeDnsMessage } from '../../../server/federation/discovery/dns-wire.ts';
import type { DnsMessage, DnsRecord } from '../../../server/federation/discovery/dns-wire.ts';
import { createCampaign } from '../support/campaign.ts';
import { encodeDnsMessage } from '../support/dns-encoding.ts';
import { mustEqual } from '../support/faults.ts';
import { mutateBytes } from '../support/mutate.ts';
import type { Random } from '../support/random.ts';
import { makeDnsPacket, makePointerMaze, QUESTION } from '../support/valid-dns.ts';

const HEADER_BYTES = 12;
const TRUNCATED_BIT = 0x0200;
const PLAIN_NAME = /^[A-Za-z0-9_.-]+$/;
/** Types that dns-packet reads within the length of their record, or that nobody here reads. */
const COMPARED: ReadonlySet<string> = new Set(['A', 'AAAA', 'CNAME', 'SOA', 'SRV', 'TXT', 'OPT', 'NULL']);

/** DNS packets: what is accepted is written without compression and read again to the same, and says what dns-packet reads. @see docs/protocol.md [DISC-3] */
export const dnsPackets = createCampaign<Uint8Array, DnsReply>({
  name: 'DNS packets',
  cases: 80_000,
  generate,
  parse(bytes) {
    const reply = readDnsReply(Buffer.from(bytes), QUESTION);
    if (typeof reply === 'string') return null;
    for (const type of ['SRV', 'TXT', 'A', 'AAAA'] as const) readRecords(reply.answers, QUESTION.name, type);
    findCname(reply.answers, QUESTION.name);
    findSoa(reply.authorities);
    return reply;
  },
  confirm(bytes, { answers, authorities }) {
    const message = decodeDnsMessage(Buffer.from(bytes));
    if (message === null) throw new Error('the packet is not read a second time');
    mustEqual([message.answers, message.authorities], [answers, authorities], 'the packet read a second time');
    mustEqual(decodeDnsMessage(encodeDnsMessage(message)), message, 'the packet read again');
    if ((message.flags & TRUNCATED_BIT) === 0) compareWithCodec(bytes, message);
  },
});

function generate(random: Random): Uint8Array {
  if (random.once(2_000)) return makePointerMaze(random);
  const bytes = makeDnsPacket(random);
  if (random.once(4)) return bytes;
  // Most changes leave the header alone: a packet with another id is nobody's answer and not looked into.
  if (random.once(4)) return mutateBytes(random, bytes, [makeDnsPacket(random)]);
  return Buffer.concat([bytes.subarray(0, HEADER_BYTES), mutateBytes(random, bytes.subarray(HEADER_BYTES), [makeDnsPacket(random)])]);
}

/** Compares record by record with dns-packet, which reads more than it should: only where it reads the types that it reads well. */
function compareWithCodec(bytes: Uint8Array, message: DnsMessage): void {
  const decoded = decodeWithCodec(bytes);
  if (decoded === null) return;
  const ours = [...message.answers, ...message.authorities, ...message.additionals];
  for (const [index, record] of ours.entries()) {
    const theirs = decoded[index];
    if (theirs !== undefined && 'class' in theirs && theirs.class === 'IN' && !theirs.flush) compareRecord(record, theirs);
  }
}

function decodeWithCodec(bytes: Uint8Array): readonly Answer[] | null {
  try {
    const { answers = [], authorities = [], additionals = [] } = packet.decode(Buffer.from(bytes));
    const all = [...answers, ...authorities, ...additionals];
    return all.every(({ type }) => COMPARED.has(type)) ? all : null;
  } catch {
    return null;
  }
}

function compareRecord({ owner, ttl, data }: DnsRecord, theirs: Answer): void {
  if (PLAIN_NAME.test(theirs.name)) mustEqual(withPlainDots(owner), theirs.name.toLowerCase(), 'the owner');
  if ('ttl' in theirs) mustEqual(ttl, theirs.ttl, 'the TTL');
  const said = data.type === 'other' ? null : data;
  mustEqual(said?.type ?? 'NULL', theirs.type, 'the type');
  if (theirs.type === 'TXT' && said?.type === 'TXT') mustEqual(said.text, Buffer.concat([theirs.data].flat().map((chunk) => Buffer.from(chunk))).toString(), 'the text');
  if (theirs.type === 'A' && said?.type === 'A') mustEqual(said.text, theirs.data, 'the address');
  if (theirs.type === 'SOA' && said?.type === 'SOA') mustEqual(said.minimum, theirs.data.minimum, 'the minimum');
  if (theirs.type === 'CNAME' && said?.type === 'CNAME' && PLAIN_NAME.test(theirs.data)) mustEqual(withPlainDots(said.target), theirs.data.toLowerCase(), 'the alias');
  if (theirs.type === 'SRV' && said?.type === 'SRV' && PLAIN_NAME.test(theirs.data.target)) {
    const { priority, weight, port, target } = theirs.data;
    mustEqual([said.priority, said.weight, said.port, withPlainDots(said.target)], [priority, weight, port, target.toLowerCase()], 'the target');
  }
}

/** Writes a dot inside a label as dns-packet does, as if it stood between two. */
function withPlainDots(name: string): string {
  return name.replaceAll('\\046', '.');
}
