import { sha256B64 } from './fixed.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

/** Bits of doubles and their texts. @see RFC 8785 appendix B */
const NUMBERS: readonly (readonly [bits: string, text: string, comment: string])[] = [
  ['0000000000000000', '0', 'zero'],
  ['8000000000000000', '0', 'minus zero'],
  ['0000000000000001', '5e-324', 'the smallest positive double'],
  ['8000000000000001', '-5e-324', 'the negative double nearest to zero'],
  ['7fefffffffffffff', '1.7976931348623157e+308', 'the largest double'],
  ['ffefffffffffffff', '-1.7976931348623157e+308', 'the least double'],
  ['4340000000000000', '9007199254740992', '2^53'],
  ['c340000000000000', '-9007199254740992', '-(2^53)'],
  ['4430000000000000', '295147905179352830000', '2^68'],
  ['44b52d02c7e14af5', '9.999999999999997e+22', 'below 10^23'],
  ['44b52d02c7e14af6', '1e+23', '10^23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23', 'above 10^23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000', 'two steps below 10^21'],
  ['444b1ae4d6e2ef4f', '999999999999999900000', 'one step below 10^21'],
  ['444b1ae4d6e2ef50', '1e+21', '10^21, the first with an exponent'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7', 'below 10^-6, with an exponent'],
  ['3eb0c6f7a0b5ed8d', '0.000001', '10^-6, the last without an exponent'],
  ['41b3de4355555553', '333333333.3333332', 'two steps below a third of 10^9'],
  ['41b3de4355555554', '333333333.33333325', 'one step below a third of 10^9'],
  ['41b3de4355555555', '333333333.3333333', 'a third of 10^9'],
  ['41b3de4355555556', '333333333.3333334', 'one step above a third of 10^9'],
  ['41b3de4355555557', '333333333.33333343', 'two steps above a third of 10^9'],
  ['becbf647612f3696', '-0.0000033333333333333333', 'a negative fraction'],
  ['43143ff3c1cb0959', '1424953923781206.2', 'round to even'],
];

/** Documents and their canonical form, written by hand. */
const DOCUMENTS: readonly (readonly [flag: string, comment: string, document: string, canonical: string])[] = [
  [
    'Rfc8785', 'the example of sections 3.2.2 and 3.2.4',
    '{\n  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],\n  "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/",\n  "literals": [null, true, false]\n}',
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  ],
  [
    'Rfc8785', 'the order of names of section 3.2.3: UTF-16 code units',
    '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
  ['Order', 'names in another order', '{"b":1,"a":2}', '{"a":2,"b":1}'],
  ['Order', 'capitals before small letters', '{"a":1,"B":2,"A":3,"b":4}', '{"A":3,"B":2,"a":1,"b":4}'],
  ['Order', 'a name that begins another comes first', '{"ab":1,"a":2,"":3}', '{"":3,"a":2,"ab":1}'],
  ['Order', 'digits are text', '{"10":1,"9":2,"1":3}', '{"1":3,"10":1,"9":2}'],
  ['Order', 'inside out', '{"b":{"d":1,"c":2},"a":[{"f":1,"e":2}]}', '{"a":[{"e":2,"f":1}],"b":{"c":2,"d":1}}'],
  ['Order', 'elements of an array stay where they are', '[3,1,2]', '[3,1,2]'],
  ['Order', 'UTF-16 order differs from UTF-8 order', '{"\\ufb33":1,"\\ud83d\\ude00":2}', '{"\ud83d\ude00":2,"\ufb33":1}'],
  ['Order', 'names are not normalised', '{"\\u00e9":1,"e\\u0301":2}', '{"e\u0301":2,"\u00e9":1}'],
  ['Order', 'names that programming languages know', '{"toString":1,"__proto__":2,"constructor":3}', '{"__proto__":2,"constructor":3,"toString":1}'],
  ['Text', 'short escapes', '"\\b\\t\\n\\f\\r\\"\\\\"', '"\\b\\t\\n\\f\\r\\"\\\\"'],
  ['Text', 'other control characters, in small letters', '"\\u0001\\u000B\\u001F"', '"\\u0001\\u000b\\u001f"'],
  ['Text', 'a slash is not escaped', '"a\\/b"', '"a/b"'],
  ['Text', 'letters outside ASCII are not escaped', '"\\u00e9\\u20ac\\ud83d\\ude00"', '"\u00e9\u20ac\ud83d\ude00"'],
  ['Text', 'DEL and the line separators of Unicode are not escaped', '"\\u007f\\u2028\\u2029"', '"\u007f\u2028\u2029"'],
  ['Text', 'texts are not normalised', '"e\\u0301"', '"e\u0301"'],
  ['Number', 'forms of one number', '[1,1.0,1e0,10e-1]', '[1,1,1,1]'],
  ['Number', 'zeros', '[0,-0,0.0,-0e5]', '[0,0,0,0]'],
  ['Number', 'an exponent that is written out', '[1e3,1.5e3,1e-3]', '[1000,1500,0.001]'],
  ['Number', 'more digits than a double holds', '[0.1000000000000000055511151231257827]', '[0.1]'],
  ['Blank', 'no blanks', ' { "a" : [ 1 , 2 ] } ', '{"a":[1,2]}'],
  ['Blank', 'empty things', '{"a":{},"b":[],"c":""}', '{"a":{},"b":[],"c":""}'],
];

/** Lists canonical forms of JSON. @see RFC 8785; docs/protocol.md [KEY-2] [API-6] [E2E-4] [E2E-7] */
export function jcsVectors(): VectorSubject {
  return {
    subject: 'jcs',
    notes: {
      Rfc8785: 'An example of RFC 8785. Where that has control characters in its output, JSON escapes them here.',
      Order: 'The order of names: by UTF-16 code units, at every depth.',
      Text: 'Which characters are escaped, and how.',
      Number: 'Numbers as ECMAScript writes them.',
      Blank: 'No blanks outside texts.',
      NotJson: 'A value that JSON does not have.',
    },
    groups: [
      { type: 'Jcs', clause: 'API-6', tests: DOCUMENTS.map(([flag, comment, document, canonical]) => documentCase({ flag, comment, document, canonical })) },
      { type: 'JcsNumber', clause: 'API-6', tests: [...NUMBERS.map(([ieee754Hex, text, comment]) => valid('Rfc8785', comment, { input: { ieee754Hex }, expected: { text } })), ...notNumbers()] },
      { type: 'JcsText', clause: 'API-6', tests: notTexts() },
    ],
  };
}

function documentCase({ flag, comment, document, canonical }: { flag: string; comment: string; document: string; canonical: string }) {
  return valid(flag, comment, { input: { document }, expected: { canonical, sha256: sha256B64(canonical) } });
}

function notNumbers() {
  const error = { reason: 'number' };
  return [
    invalid('NotJson', 'not a number', { input: { ieee754Hex: '7ff8000000000000' }, error }),
    invalid('NotJson', 'another not a number', { input: { ieee754Hex: '7fffffffffffffff' }, error }),
    invalid('NotJson', 'infinity', { input: { ieee754Hex: '7ff0000000000000' }, error }),
    invalid('NotJson', 'minus infinity', { input: { ieee754Hex: 'fff0000000000000' }, error }),
  ];
}

function notTexts() {
  const error = { reason: 'string' };
  return [
    valid('Text', 'a surrogate pair', { input: { utf16Hex: 'd83dde00' }, expected: { canonicalHex: '22f09f988022' } }),
    invalid('NotJson', 'a high half of a surrogate pair', { input: { utf16Hex: 'd83d' }, error }),
    invalid('NotJson', 'a low half of a surrogate pair', { input: { utf16Hex: 'de00' }, error }),
    invalid('NotJson', 'both halves the wrong way round', { input: { utf16Hex: 'de00d83d' }, error }),
  ];
}
