import packet from 'dns-packet';
import type { Answer } from 'dns-packet';
import { describe, expect, it, test } from 'vitest';

import { encodeDnsQuery, readDnsReply, readRecords } from './dns-message.ts';
import { decodeDnsMessage } from './dns-wire.ts';

const NAME = '_securechat-s2s._tcp.b.test';
const QUESTION = { id: 7, name: NAME, type: 'SRV' } as const;
const HEADER_BYTES = 12;

function encode(answers: Answer[]): Buffer {
  return packet.encode({ type: 'response', id: 7, questions: [{ type: 'SRV', name: NAME, class: 'IN' }], answers });
}

const SRV: Answer = { name: NAME, type: 'SRV', ttl: 60, data: { priority: 1, weight: 2, port: 8448, target: 's2s.b.test' } };
const OWNER_BYTES = NAME.length + 2;
const QUESTION_BYTES = OWNER_BYTES + 4;
const FIXED_BYTES = 10;

/** Writes one answer by hand: its owner, type, class, and data with the length that it claims. */
function answer({ owner = [0xc0, HEADER_BYTES], type = 33, recordClass = 1, data, length = data.length }: {
  owner?: readonly number[]; type?: number; recordClass?: number; data: readonly number[]; length?: number;
}): Buffer {
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(recordClass, 2);
  fixed.writeUInt16BE(length, 8);
  return Buffer.concat([Buffer.from(owner), fixed, Buffer.from(data)]);
}

function withAnswers(...answers: readonly Buffer[]): Buffer {
  const whole = Buffer.concat([encode([]), ...answers]);
  whole.writeUInt16BE(answers.length, 6);
  return whole;
}

const label = (text: string): number[] => [text.length, ...Buffer.from(text)];
const srvData = [0, 1, 0, 2, 0x21, 0, ...label('s2s'), 0xc0, HEADER_BYTES + OWNER_BYTES - 'b.test'.length - 2];

describe('[DISC-3] a DNS message', () => {
  it('is read whole, with names compressed or not', () => {
    const record = { priority: 1, weight: 2, port: 8448, target: 's2s.b.test' };
    expect(decodeDnsMessage(encode([SRV]))?.answers).toEqual([{ owner: NAME, ttl: 60, data: { type: 'SRV', ...record } }]);
    const compressed = readDnsReply(withAnswers(answer({ data: srvData })), QUESTION);
    expect(typeof compressed === 'string' ? compressed : readRecords(compressed.answers, NAME, 'SRV').records).toEqual([record]);
  });

  it('cut anywhere is malformed', () => {
    const whole = encode([SRV, { name: NAME, type: 'TXT', ttl: 1, data: ['v=sc1; k=ed25519', 'x'] }, { name: NAME, type: 'A', ttl: 1, data: '192.0.2.1' }]);
    for (let length = 0; length < whole.length; length += 1) expect(decodeDnsMessage(whole.subarray(0, length))).toBeNull();
    expect(decodeDnsMessage(whole)?.answers).toHaveLength(3);
  });

  test.each([
    ['a byte left over', Buffer.concat([encode([SRV]), Buffer.of(0)])],
    ['a record that claims more than there is', withAnswers(answer({ type: 99, data: [1], length: 2 }))],
    ['an address of 3 bytes', withAnswers(answer({ type: 1, data: [1, 2, 3] }))],
    ['an address of 5 bytes', withAnswers(answer({ type: 1, data: [1, 2, 3, 4, 5] }))],
    ['a chunk of text that leaves its record', withAnswers(answer({ type: 16, data: [2, 65] }), answer({ type: 99, data: [65, 65] }))],
    ['a target that leaves its record', withAnswers(answer({ data: srvData, length: srvData.length - 1 }))],
    ['a target that leaves its record unfilled', withAnswers(answer({ data: [...srvData, 0] }))],
    ['a pointer to itself', withAnswers(answer({ owner: [0xc0, HEADER_BYTES + QUESTION_BYTES], data: srvData }))],
    ['a pointer ahead', withAnswers(answer({ owner: [0xc0, HEADER_BYTES + QUESTION_BYTES + 2], data: srvData }))],
    ['a label of a kind that does not exist', withAnswers(answer({ owner: [0x41, 0x61, 0], data: srvData }))],
    ['a name of 257 bytes', withAnswers(answer({ owner: [...Array.from({ length: 4 }, () => label('x'.repeat(63))).flat(), 0], data: srvData }))],
  ])('with %s is malformed', (_, bytes) => {
    expect(readDnsReply(bytes, QUESTION)).toBe('malformed');
  });

  it('that was cut short says so, wherever the cut is', () => {
    const whole = encode([SRV, SRV]);
    whole.writeUInt16BE(0x8200, 2);
    for (let length = HEADER_BYTES + QUESTION_BYTES; length <= whole.length; length += 1) {
      expect(readDnsReply(whole.subarray(0, length), QUESTION)).toMatchObject({ truncated: true, answers: [] });
    }
  });

  it('says nothing by a record of another class, or of a type that nobody reads', () => {
    const other = answer({ recordClass: 3, data: srvData });
    const flushed = answer({ recordClass: 0x8001, data: srvData });
    const reply = readDnsReply(withAnswers(other, flushed, answer({ type: 46, data: [1, 2, 3] })), QUESTION);
    expect(typeof reply === 'string' ? reply : readRecords(reply.answers, NAME, 'SRV').records).toEqual([]);
  });

  it('whose label holds a dot names something else than two labels do', () => {
    const owner = [...label('_securechat-s2s._tcp.b'), ...label('test'), 0];
    const message = decodeDnsMessage(withAnswers(answer({ owner, data: srvData })));
    expect(message?.answers[0]?.owner).toBe('_securechat-s2s\\046_tcp\\046b.test');
  });

  it('folds the capital letters of ASCII and no others', () => {
    const owner = [1, 0xc0, ...label('A'), 0];
    expect(decodeDnsMessage(withAnswers(answer({ owner, data: srvData })))?.answers[0]?.owner).toBe('\\192.a');
  });

  it('full of pointers to pointers is refused in no time', () => {
    const chain = Array.from({ length: 8_000 }, (_, index) => HEADER_BYTES + QUESTION_BYTES + FIXED_BYTES + 2 * index);
    const links = chain.flatMap((at) => [0xc0 | ((at - 2) >> 8), (at - 2) & 0xff]);
    const last = chain.at(-1) ?? 0;
    const many = Array.from({ length: 4_000 }, () => answer({ owner: [0xc0 | (last >> 8), last & 0xff], type: 99, data: [] }));
    const start = performance.now();
    expect(decodeDnsMessage(withAnswers(answer({ type: 99, data: links }), ...many))).toBeNull();
    expect(performance.now() - start).toBeLessThan(100);
  });
});

describe('a question', () => {
  test.each(['a.test', NAME, 'x'.repeat(63)])('for %j is encoded as it is read', (name) => {
    expect(decodeDnsMessage(Buffer.from(encodeDnsQuery({ id: 1, name, type: 'TXT' })))?.questions).toEqual([{ name, type: 16, class: 1 }]);
  });

  test.each(['', '.', 'a..test', 'a.test.', 'x'.repeat(64), 'a\\046.test', 'é.test'])('for %j is refused', (name) => {
    expect(() => encodeDnsQuery({ id: 1, name, type: 'TXT' })).toThrow(RangeError);
  });
});
