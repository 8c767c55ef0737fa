import { describe, expect, it } from 'vitest';

import { encodeBase64 } from '../protocol/base64.ts';
import { parseDomain } from '../protocol/ids.ts';
import { StrictJsonError } from '../protocol/json.ts';
import { concatBytes, encodeUtf8 } from './bytes.ts';
import { decodeContent, encodeContent } from './content.ts';
import type { DecodedContent, MessageContent } from './content.ts';
import { MESSAGE_ID } from './testing/people.ts';

const CORRUPT: DecodedContent = { kind: 'unreadable', reason: 'corrupt' };

const file: MessageContent = {
  kind: 'file',
  name: 'cat.png',
  type: 'image/png',
  size: 1_000,
  media: 'AAAAAAAAAAAAAAAAAAAAAA',
  domain: parseDomain('a.test'),
  key: encodeBase64(new Uint8Array(32)),
  noncePrefix: encodeBase64(new Uint8Array(7)),
  sha256: encodeBase64(new Uint8Array(32)),
  caption: 'A cat',
  width: 640,
  height: 480,
};

const contents: readonly MessageContent[] = [
  { kind: 'text', text: 'Grüße 👋' },
  { kind: 'reply', text: 'yes', to: MESSAGE_ID },
  { kind: 'reaction', emoji: '👍', to: MESSAGE_ID, remove: false },
  { kind: 'edit', text: 'no', to: MESSAGE_ID },
  { kind: 'delete', to: MESSAGE_ID },
  file,
  { ...file, caption: null, width: null, height: null },
];

/** Pads JSON text by hand, with `zeros` zeros after the 0x80. */
function padded(json: string, zeros = 255 - (encodeUtf8(json).length % 256)): Uint8Array {
  return concatBytes(encodeUtf8(json), Uint8Array.of(0x80), new Uint8Array(zeros));
}

describe('content', () => {
  it.each(contents)('[E2E-9] $kind comes back as it was', (content) => {
    expect(decodeContent(encodeContent(content))).toEqual({ kind: 'content', content });
  });

  it('[E2E-9] is padded with 0x80 and 0 to 255 zeros to a multiple of 256, whatever its length', () => {
    const lengths = new Set<number>();
    for (let length = 0; length < 256; length += 1) {
      const content = { kind: 'text', text: 'x'.repeat(length) } as const;
      const encoded = encodeContent(content);
      lengths.add(encoded.length);
      expect(encoded.length - JSON.stringify(content).length).toBeLessThanOrEqual(256);
      expect(decodeContent(encoded)).toEqual({ kind: 'content', content });
    }
    expect([...lengths]).toEqual([256, 512]);
  });

  it('[E2E-9] the padding is byte for byte that of the text', () => {
    expect(encodeContent({ kind: 'text', text: 'a' })).toEqual(padded('{"kind":"text","text":"a"}'));
  });

  it('[E2E-9] any other padding is corrupt', () => {
    const json = '{"kind":"text","text":"a"}';
    const good = padded(json);
    expect(decodeContent(good)).toEqual({ kind: 'content', content: { kind: 'text', text: 'a' } });
    const at = encodeUtf8(json).length;
    const changed = (index: number, byte: number): Uint8Array => good.map((old, i) => (i === index ? byte : old));
    const bad = [
      encodeUtf8(json),
      new Uint8Array(),
      new Uint8Array(256),
      good.subarray(0, 255),
      concatBytes(good, new Uint8Array(1)),
      concatBytes(good, new Uint8Array(256)),
      changed(at, 0x00),
      changed(at, 0x81),
      changed(at + 1, 0x80),
      changed(255, 0x01),
    ];
    for (const plaintext of bad) expect(decodeContent(plaintext)).toEqual(CORRUPT);
  });

  it('[E2E-9] JSON that is not strict, not an object or has no kind is corrupt', () => {
    for (const json of ['', '{"kind":"text","text":"a","text":"b"}', '[]', '{}', '{"kind":1}', '{"kind":"text","text":"\\u0000"}']) {
      expect(decodeContent(padded(json))).toEqual(CORRUPT);
    }
  });

  it('[E2E-9] a known kind without its members is corrupt', () => {
    for (const json of ['{"kind":"text"}', '{"kind":"reply","text":"a","to":"1"}', '{"kind":"file","name":"a"}']) {
      expect(decodeContent(padded(json))).toEqual(CORRUPT);
    }
  });

  it('[E2E-9] an unknown kind is of an unknown version, even one named like a method', () => {
    const expected = { kind: 'unreadable', reason: 'unknown_version' };
    expect(decodeContent(padded('{"kind":"poll"}'))).toEqual(expected);
    expect(decodeContent(padded('{"kind":"toString"}'))).toEqual(expected);
  });

  it('[E2E-9] members of a file that not every file has may be left out, unknown ones are dropped', () => {
    const { caption, width, height, ...rest } = file;
    expect([caption, width, height]).toEqual(['A cat', 640, 480]);
    const plaintext = padded(JSON.stringify({ ...rest, color: 'blue' }));
    expect(decodeContent(plaintext)).toEqual({ kind: 'content', content: { ...rest, caption: null, width: null, height: null } });
  });

  it('[SIG-12] text that no reader would accept is not written', () => {
    for (const text of ['\ud800', '\u0000']) {
      expect(() => encodeContent({ kind: 'text', text })).toThrow(StrictJsonError);
    }
  });
});
