import type { DnsMessage, DnsRecord } from '../../../server/federation/discovery/dns-wire.ts';

const TYPE_NUMBERS = { A: 1, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, other: 65_280 } as const;
const LONGEST_CHUNK = 255;

/** Writes a message without compression, from what the reader made of it. Fields that the reader drops are zero. */
export function encodeDnsMessage({ id, flags, questions, answers, authorities, additionals }: DnsMessage): Buffer {
  return Buffer.concat([
    uint16(id, flags, questions.length, answers.length, authorities.length, additionals.length),
    ...questions.map((question) => Buffer.concat([encodeName(question.name), uint16(question.type, question.class)])),
    ...[...answers, ...authorities, ...additionals].map(encodeRecord),
  ]);
}

function encodeRecord({ owner, ttl, data }: DnsRecord): Buffer {
  const body = encodeData(data);
  return Buffer.concat([encodeName(owner), uint16(TYPE_NUMBERS[data.type], 1, ttl >>> 16, ttl & 0xffff, body.length), body]);
}

function encodeData(data: DnsRecord['data']): Buffer {
  switch (data.type) {
    case 'A':
      return Buffer.from(data.text.split('.').map(Number));
    case 'AAAA':
      return encodeIpv6(data.text);
    case 'TXT':
      return encodeChunks(Buffer.from(data.text));
    case 'CNAME':
      return encodeName(data.target);
    case 'SRV':
      return Buffer.concat([uint16(data.priority, data.weight, data.port), encodeName(data.target)]);
    case 'SOA':
      return Buffer.concat([encodeName('.'), encodeName('.'), Buffer.alloc(16), uint16(data.minimum >>> 16, data.minimum & 0xffff)]);
    case 'OPT':
    case 'other':
      return Buffer.alloc(0);
  }
}

function encodeIpv6(text: string): Buffer {
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [left, right] = [groups(head), groups(tail ?? '')];
  return uint16(...left, ...Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => 0), ...right);
}

function encodeChunks(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += LONGEST_CHUNK) {
    const chunk = bytes.subarray(at, at + LONGEST_CHUNK);
    chunks.push(Buffer.of(chunk.length), chunk);
  }
  return Buffer.concat(chunks);
}

function encodeName(name: string): Buffer {
  const labels = name === '.' ? [] : name.split('.').map(readLabel);
  return Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
}

function readLabel(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number(code))), 'latin1');
}

function uint16(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2);
  for (const [index, value] of numbers.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}
