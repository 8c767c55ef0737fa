import packet from 'dns-packet';
import type { Answer } from 'dns-packet';
import type { Random } from './random.ts';
import { makeDomain, makeKeyTxt } from './valid-texts.ts';

/** What every packet answers, or seems to. */
export const QUESTION = { id: 0x1234, name: '_securechat-s2s._tcp.b.test', type: 'SRV' } as const;
const OTHER = 'alias.b.test';
const HEADER_BYTES = 12;
const LONGEST = 65_535;

function makeRecord(random: Random): Answer {
  const name = random.pick([QUESTION.name, QUESTION.name.toUpperCase(), OTHER, 'b.test', '.']);
  const ttl = random.pick([0, 1, 300, 86_400, 2 ** 31, 2 ** 32 - 1]);
  const target = random.once(8) ? '.' : makeDomain(random);
  switch (random.below(8)) {
    case 0:
      return { name, type: 'SRV', ttl, data: { priority: random.below(65_536), weight: random.below(9), port: 8448, target } };
    case 1:
      return { name, type: 'TXT', ttl, data: random.once(3) ? [Buffer.from(random.bytes(random.below(30)))] : makeKeyTxt(random).slice(0, 150).match(/.{1,60}/gs) ?? [] };
    case 2:
      return { name, type: 'A', ttl, data: [...random.bytes(4)].join('.') };
    case 3:
      return { name, type: 'AAAA', ttl, data: Array.from({ length: 8 }, () => random.below(random.once(2) ? 1 : 65_536).toString(16)).join(':') };
    case 4:
      return { name, type: 'CNAME', ttl, data: random.once(2) ? OTHER : target };
    case 5:
      return { name, type: 'SOA', ttl, data: { mname: 'ns.b.test', rname: 'root.b.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: random.below(2 ** 32) } };
    case 6:
      return { name, type: 'MX', ttl, data: { preference: 1, exchange: target } };
    default:
      return { name, type: 'NULL', ttl, data: Buffer.from(random.bytes(random.below(9))) };
  }
}

/** Makes a reply to the question, in a few of its forms: refusals, truncated ones, with EDNS, with names compressed. */
export function makeDnsPacket(random: Random): Uint8Array {
  const list = (limit: number): Answer[] => Array.from({ length: random.below(limit) }, () => makeRecord(random));
  const opt: Answer = { type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: random.below(2), ednsVersion: 0, flags: 0, flag_do: false, options: [] };
  const bytes = packet.encode({
    type: 'response',
    id: QUESTION.id,
    flags: random.pick([0, 0, packet.AUTHENTIC_DATA, 2, 3, ...(random.once(4) ? [packet.TRUNCATED_RESPONSE] : [])]),
    questions: random.once(20) ? [] : [{ ...QUESTION, class: 'IN' }],
    answers: list(4),
    authorities: list(2),
    additionals: random.once(2) ? [opt, ...list(2)] : list(2),
  });
  return random.once(3) ? compress(bytes) : bytes;
}

/** Puts a pointer to the question in place of its name's first repetition, where that is an owner. */
function compress(bytes: Buffer): Buffer {
  const name = bytes.subarray(HEADER_BYTES, HEADER_BYTES + QUESTION.name.length + 2);
  const at = bytes.indexOf(name, HEADER_BYTES + name.length);
  if (at === -1) return bytes;
  return Buffer.concat([bytes.subarray(0, at), Buffer.of(0xc0, HEADER_BYTES), bytes.subarray(at + name.length)]);
}

/** Makes as long a packet as there can be, of records whose names are chains of pointers of some length. */
export function makePointerMaze(random: Random): Uint8Array {
  const start = packet.encode({ type: 'response', id: QUESTION.id, questions: [{ ...QUESTION, class: 'IN' }] });
  const links = 1 + random.below(8_000);
  const rdata = Buffer.alloc(links * 2);
  const first = start.length + 11;
  for (let index = 0; index < links; index += 1) rdata.writeUInt16BE(0xc000 | (index === 0 ? HEADER_BYTES : first + 2 * (index - 1)), index * 2);
  const head = Buffer.alloc(11);
  head.writeUInt16BE(random.pick([10, 99]), 1);
  head.writeUInt16BE(1, 3);
  head.writeUInt16BE(rdata.length, 9);
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc000 | (first + 2 * random.below(links)), 0);
  record.writeUInt16BE(99, 2);
  record.writeUInt16BE(1, 4);
  const count = Math.floor((LONGEST - start.length - head.length - rdata.length) / record.length);
  const whole = Buffer.concat([start, head, rdata, ...Array.from({ length: count }, () => record)]);
  whole.writeUInt16BE(count + 1, 6);
  return whole;
}
