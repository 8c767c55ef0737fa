import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { fixedBytes } from './fixed.ts';
import { plainJcs } from './plain-jcs.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const TO = '01937f3e-0000-7000-8000-000000000001';
const b64 = (length: number): string => fixedBytes('a file', length).toString('base64');
const FILE: JsonObject = {
  kind: 'file', name: 'caf\u00e9.png', type: 'image/png', size: 70_000, media: 'AAECAwQFBgcICQoLDA0ODw', domain: 'a.test',
  key: b64(32), noncePrefix: b64(7), sha256: b64(32), caption: 'here', width: 640, height: 480,
};

/** Lists plaintexts of messages with their padding. @see docs/protocol.md [E2E-9] */
export function contentVectors(): VectorSubject {
  return {
    subject: 'content',
    notes: {
      Kind: 'One of the six kinds.',
      Padding: 'One byte 0x80 and then zeros up to a multiple of 256 bytes.',
      Unknown: 'Members that this version does not know are dropped.',
      UnknownKind: 'A kind that this version does not know.',
      Value: 'A known kind with a member that is missing or not of its form.',
      Json: 'What is not strict JSON, or no object with a kind.',
    },
    groups: [
      { type: 'EncodeContent', clause: 'E2E-9', tests: encoding() },
      { type: 'DecodeContent', clause: 'E2E-9', tests: [...decoding(), ...paddings(), ...values(), ...json()] },
    ],
  };
}

/** Pads by hand. */
function padded(json: string): Buffer {
  const bytes = Buffer.from(json);
  return Buffer.concat([bytes, Buffer.of(0x80), Buffer.alloc(255 - (bytes.length % 256))]);
}

/** A text message whose JSON has exactly so many bytes. */
function ofLength(bytes: number): JsonObject {
  const frame = plainJcs({ kind: 'text', text: '' }).length;
  return { kind: 'text', text: 'x'.repeat(bytes - frame) };
}

const KINDS: readonly (readonly [comment: string, content: JsonObject])[] = [
  ['text', { kind: 'text', text: 'hello' }],
  ['an empty text', { kind: 'text', text: '' }],
  ['a text outside ASCII', { kind: 'text', text: '\u00e9\u20ac\ud83d\ude00' }],
  ['a text with control characters', { kind: 'text', text: 'a\n\t"\\\u0001' }],
  ['reply', { kind: 'reply', text: 'yes', to: TO }],
  ['reaction', { kind: 'reaction', emoji: '\ud83d\udc4d', to: TO, remove: false }],
  ['a reaction taken back', { kind: 'reaction', emoji: '\ud83d\udc4d', to: TO, remove: true }],
  ['edit', { kind: 'edit', text: 'corrected', to: TO }],
  ['delete', { kind: 'delete', to: TO }],
  ['file', FILE],
  ['a file without caption and measures', { ...FILE, caption: null, width: null, height: null }],
];

function encoding() {
  const encodes = (flag: string, comment: string, content: JsonObject) =>
    valid(flag, comment, { input: { content }, expected: { plaintextHex: padded(plainJcs(content)).toString('hex') } });
  const refuses = (comment: string, text: string) => invalid('Json', comment, { input: { contentUtf16Hex: utf16(text) }, error: { reason: 'string' } });
  return [
    ...KINDS.map(([comment, content]) => encodes('Kind', comment, content)),
    encodes('Padding', 'JSON of 254 bytes: one zero', ofLength(254)),
    encodes('Padding', 'JSON of 255 bytes: no zero', ofLength(255)),
    encodes('Padding', 'JSON of 256 bytes: another block', ofLength(256)),
    encodes('Padding', 'JSON of 257 bytes', ofLength(257)),
    encodes('Padding', 'JSON of 511 bytes: two blocks, no zero', ofLength(511)),
    refuses('a text with U+0000', 'a\u0000b'),
    refuses('a text with half of a surrogate pair', 'a\ud83d'),
  ];
}

function utf16(text: string): string {
  return Buffer.from(text, 'utf16le').swap16().toString('hex');
}

const readsBytes = (flag: string, comment: string, rest: { plaintext: Buffer; content: JsonObject }) =>
  valid(flag, comment, { input: { plaintextHex: rest.plaintext.toString('hex') }, expected: { content: rest.content } });
const refusesBytes = (flag: string, comment: string, rest: { plaintext: Buffer; reason?: string }) =>
  invalid(flag, comment, { input: { plaintextHex: rest.plaintext.toString('hex') }, error: { reason: rest.reason ?? 'corrupt' } });

function decoding() {
  const { caption: _, width: _width, height: _height, ...bare } = FILE;
  return [
    ...KINDS.map(([comment, content]) => readsBytes('Kind', comment, { plaintext: padded(JSON.stringify(content)), content })),
    readsBytes('Kind', 'a file whose caption and measures are left out', { plaintext: padded(JSON.stringify(bare)), content: { ...bare, caption: null, width: null, height: null } }),
    readsBytes('Unknown', 'an unknown member', { plaintext: padded('{"kind":"text","text":"a","later":1}'), content: { kind: 'text', text: 'a' } }),
    readsBytes('Kind', 'blanks in the JSON, which is canonical only when it is written', { plaintext: padded('{ "text" : "a" , "kind" : "text" }'), content: { kind: 'text', text: 'a' } }),
    ...['poll', 'Text', '', '__proto__', 'constructor'].map((kind) =>
      refusesBytes('UnknownKind', `the kind "${kind}"`, { plaintext: padded(JSON.stringify({ kind, text: 'a' })), reason: 'unknown_version' }),
    ),
  ];
}

function paddings() {
  const json = Buffer.from('{"kind":"text","text":"a"}');
  const zeros = (length: number): Buffer => Buffer.alloc(length);
  const mark = Buffer.of(0x80);
  return [
    readsBytes('Padding', 'a text that ends with zeros of JSON is told from padding', { plaintext: padded('{"kind":"text","text":"a\\u00800"}'), content: { kind: 'text', text: 'a\u00800' } }),
    readsBytes('Padding', 'JSON of 255 bytes and the mark alone', { plaintext: padded(plainJcs(ofLength(255))), content: ofLength(255) }),
    readsBytes('Padding', '255 zeros', { plaintext: padded(plainJcs(ofLength(256))), content: ofLength(256) }),
    refusesBytes('Padding', 'nothing', { plaintext: zeros(0) }),
    refusesBytes('Padding', 'no padding', { plaintext: json }),
    refusesBytes('Padding', 'no padding, though the JSON has 256 bytes', { plaintext: Buffer.from(plainJcs(ofLength(256))) }),
    refusesBytes('Padding', 'zeros without the mark', { plaintext: Buffer.concat([json, zeros(256 - json.length)]) }),
    refusesBytes('Padding', 'the mark without zeros', { plaintext: Buffer.concat([json, mark]) }),
    refusesBytes('Padding', 'one zero less', { plaintext: Buffer.concat([json, mark, zeros(254 - json.length)]) }),
    refusesBytes('Padding', 'one zero more', { plaintext: Buffer.concat([json, mark, zeros(256 - json.length)]) }),
    refusesBytes('Padding', 'a block of zeros more', { plaintext: Buffer.concat([json, mark, zeros(511 - json.length)]) }),
    refusesBytes('Padding', '0x81 in place of the mark', { plaintext: Buffer.concat([json, Buffer.of(0x81), zeros(255 - json.length)]) }),
    refusesBytes('Padding', 'a one among the zeros', { plaintext: Buffer.concat([json, mark, zeros(254 - json.length), Buffer.of(1)]) }),
    refusesBytes('Padding', 'the mark twice', { plaintext: Buffer.concat([json, mark, mark, zeros(254 - json.length)]) }),
    refusesBytes('Padding', 'blanks', { plaintext: Buffer.concat([json, Buffer.alloc(256 - json.length, ' ')]) }),
    refusesBytes('Padding', 'PKCS#7', { plaintext: Buffer.concat([json, Buffer.alloc(256 - json.length, 256 - json.length)]) }),
    refusesBytes('Padding', 'zeros alone', { plaintext: zeros(256) }),
    refusesBytes('Padding', 'the mark and zeros alone', { plaintext: Buffer.concat([mark, zeros(255)]) }),
  ];
}

function values() {
  const bad = (comment: string, content: JsonValue) => refusesBytes('Value', comment, { plaintext: padded(JSON.stringify(content)) });
  const badFile = (name: string, value: JsonValue) => bad(`a file whose ${name} is ${JSON.stringify(value)}`, { ...FILE, [name]: value });
  return [
    bad('a text without text', { kind: 'text' }),
    bad('a text that is null', { kind: 'text', text: null }),
    bad('a text that is a number', { kind: 'text', text: 1 }),
    bad('a reply to nothing', { kind: 'reply', text: 'a' }),
    bad('a reply to a UUID of version 4', { kind: 'reply', text: 'a', to: '01937f3e-0000-4000-8000-000000000001' }),
    bad('a reaction without emoji', { kind: 'reaction', to: TO, remove: false }),
    bad('a reaction with an empty emoji', { kind: 'reaction', emoji: '', to: TO, remove: false }),
    bad('a reaction whose remove is a text', { kind: 'reaction', emoji: 'x', to: TO, remove: 'false' }),
    bad('an edit without text', { kind: 'edit', to: TO }),
    bad('a delete without to', { kind: 'delete' }),
    badFile('size', -1),
    badFile('size', 1.5),
    badFile('media', 'short'),
    badFile('domain', 'A.test'),
    badFile('key', fixedBytes('a file', 31).toString('base64')),
    badFile('noncePrefix', fixedBytes('a file', 8).toString('base64')),
    badFile('sha256', ''),
    badFile('width', 0),
  ];
}

function json() {
  const bad = (comment: string, text: string) => refusesBytes('Json', comment, { plaintext: padded(text) });
  return [
    bad('a list', '[{"kind":"text","text":"a"}]'),
    bad('a text', '"a"'),
    bad('null', 'null'),
    bad('no kind', '{"text":"a"}'),
    bad('a kind that is a number', '{"kind":1,"text":"a"}'),
    bad('a kind twice', '{"kind":"text","kind":"delete","text":"a"}'),
    bad('a byte order mark', '\ufeff{"kind":"text","text":"a"}'),
    bad('U+0000', '{"kind":"text","text":"\\u0000"}'),
    bad('half of a surrogate pair', '{"kind":"text","text":"\\ud83d"}'),
    refusesBytes('Json', 'bytes that are no UTF-8', { plaintext: Buffer.concat([Buffer.from('{"kind":"text","text":"'), Buffer.of(0xff), Buffer.from('"}'), Buffer.of(0x80), Buffer.alloc(229)]) }),
  ];
}
