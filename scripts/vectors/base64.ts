import { fixedBytes } from './fixed.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

/** Lists texts of both base64 alphabets. @see docs/protocol.md, "Profiles and words"; RFC 4648 sections 3.5, 4, 5 and 10 */
export function base64Vectors(): VectorSubject {
  return {
    subject: 'base64',
    notes: {
      Rfc4648: 'The examples of RFC 4648 section 10.',
      Ordinary: 'Bytes of a length that this protocol uses.',
      Alphabet: 'The letters that differ between the two alphabets, or belong to neither.',
      Padding: 'Padding that is missing, too much, in the wrong place, or there where none belongs.',
      UnusedBits: 'The bits of the last letter that carry nothing are not zero: decoding and encoding again gives another text.',
      Length: 'A number of letters that no bytes have.',
      Blank: 'Blanks and line breaks, which many decoders skip.',
    },
    groups: [
      { type: 'Base64', clause: 'SIG-1', tests: [...decodable('base64'), ...refused(REFUSED_BASE64)] },
      { type: 'Base64Url', clause: 'SIG-1', tests: [...decodable('base64url'), ...refused(REFUSED_BASE64URL)] },
    ],
  };
}

function decodable(encoding: 'base64' | 'base64url') {
  const of = (bytes: Buffer) => ({ input: { text: bytes.toString(encoding) }, expected: { bytesHex: bytes.toString('hex') } });
  return [
    ...['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) => valid('Rfc4648', `the encoding of "${text}"`, of(Buffer.from(text)))),
    ...[12, 16, 32, 64, 105].map((length) => valid('Ordinary', `${length} bytes`, of(fixedBytes('base64', length)))),
    valid('Alphabet', 'every letter of the alphabet in order', of(Buffer.from('00108310518720928b30d38f41149351559761969b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3dfbf', 'hex'))),
    valid('UnusedBits', 'one byte of ones', of(Buffer.from('ff', 'hex'))),
    valid('UnusedBits', 'two bytes of ones', of(Buffer.from('ffff', 'hex'))),
  ];
}

type Refusal = readonly [flag: string, comment: string, text: string];

function refused(rows: readonly Refusal[]) {
  return rows.map(([flag, comment, text]) => invalid(flag, comment, { input: { text }, error: { reason: 'not_canonical' } }));
}

const REFUSED_BASE64: readonly Refusal[] = [
  ['Padding', 'no padding after two letters', 'Zg'],
  ['Padding', 'one sign of padding after two letters', 'Zg='],
  ['Padding', 'no padding after three letters', 'Zm8'],
  ['Padding', 'two signs of padding after three letters', 'Zm8=='],
  ['Padding', 'three signs of padding after one letter', 'Z==='],
  ['Padding', 'padding alone', '===='],
  ['Padding', 'padding after a whole group', 'Zm9v===='],
  ['Padding', 'padding in the middle', 'Zg==Zg=='],
  ['Padding', 'padding in front', '=Zg='],
  ['UnusedBits', 'one unused bit set after two letters', 'Zh=='],
  ['UnusedBits', 'all unused bits set after two letters', 'Zv=='],
  ['UnusedBits', 'one unused bit set after three letters', 'Zm9='],
  ['UnusedBits', 'all unused bits set after three letters', 'Zm/='],
  ['Length', 'one letter', 'Z'],
  ['Length', 'five letters', 'Zm9vY'],
  ['Alphabet', 'a hyphen of base64url', 'Zm8-'],
  ['Alphabet', 'an underscore of base64url', 'Zm8_'],
  ['Alphabet', 'a full stop', 'Zm9.'],
  ['Alphabet', 'a letter outside ASCII', 'Zm9\u00e9'],
  ['Alphabet', 'a letter whose low byte is one of the alphabet', 'Zm9\u0141'],
  ['Alphabet', 'U+0000', 'Zm9\u0000'],
  ['Blank', 'a blank in front', ' Zm9v'],
  ['Blank', 'a line feed at the end', 'Zm9v\n'],
  ['Blank', 'a line break inside', 'Zm9v\r\nYmFy'],
  ['Blank', 'a group of blanks', '    '],
];

const REFUSED_BASE64URL: readonly Refusal[] = [
  ['Padding', 'padding after two letters', 'Zg=='],
  ['Padding', 'padding after three letters', 'Zm8='],
  ['Padding', 'one sign of padding after two letters', 'Zg='],
  ['Padding', 'padding alone', '='],
  ['Padding', 'escaped padding', 'Zg%3D%3D'],
  ['UnusedBits', 'one unused bit set after two letters', 'Zh'],
  ['UnusedBits', 'all unused bits set after two letters', 'Zv'],
  ['UnusedBits', 'one unused bit set after three letters', 'Zm9'],
  ['UnusedBits', 'all unused bits set after three letters', 'Zm_'],
  ['Length', 'one letter', 'Z'],
  ['Length', 'five letters', 'Zm9vY'],
  ['Alphabet', 'a plus of base64', 'Zm8+'],
  ['Alphabet', 'a slash of base64', 'Zm8/'],
  ['Alphabet', 'a tilde', 'Zm9~'],
  ['Alphabet', 'a letter outside ASCII', 'Zm9\u00e9'],
  ['Alphabet', 'a letter whose low byte is one of the alphabet', 'Zm9\u0141'],
  ['Blank', 'a blank in front', ' Zm9v'],
  ['Blank', 'a line feed at the end', 'Zm9v\n'],
];
