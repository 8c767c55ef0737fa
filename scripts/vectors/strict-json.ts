import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';
import { plainJcs } from './plain-jcs.ts';

/** Lists documents as bytes, read strictly or refused. @see docs/protocol.md [SIG-12] [API-7] */
export function strictJsonVectors(): VectorSubject {
  return {
    subject: 'strict-json',
    notes: {
      Ordinary: 'A document that every reader of JSON accepts.',
      Encoding: 'Bytes that are no UTF-8, or begin with a byte order mark.',
      Empty: 'Nothing, or blanks alone.',
      Syntax: 'What RFC 8259 does not allow, though many readers do.',
      DuplicateKey: 'A name that stands twice in one object, compared after escapes are resolved.',
      Depth: 'Arrays and objects open at once: 16, or 19 in a batch.',
      Number: 'Numbers that doubles do not hold. What counts is the double that the token denotes.',
      Surrogate: 'An escape that is one half of a surrogate pair.',
      Nul: 'U+0000, written or escaped.',
      TopLevel: 'A document that is strict JSON but no object.',
    },
    groups: [
      { type: 'StrictJson', clause: 'SIG-12', tests: [...accepted(), ...refused(), ...depths(16)] },
      { type: 'StrictJsonInBatch', clause: 'SIG-12', tests: depths(19) },
      { type: 'BodyTopLevel', clause: 'SIG-12', tests: topLevels() },
    ],
  };
}

const hex = (text: string): string => Buffer.from(text).toString('hex');
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const nestedObjects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

function reads(flag: string, comment: string, text: string) {
  return valid(flag, comment, { input: { bytesHex: hex(text) }, expected: { canonical: plainJcs(JSON.parse(text)) } });
}

function refuses(flag: string, comment: string, text: string) {
  return refusesBytes(flag, comment, hex(text));
}

const REASONS: Readonly<Record<string, string>> = {
  Encoding: 'encoding', Empty: 'empty', Syntax: 'syntax', DuplicateKey: 'duplicate_key', Depth: 'depth', Number: 'number', Surrogate: 'string', Nul: 'string',
};

function refusesBytes(flag: string, comment: string, bytesHex: string) {
  return invalid(flag, comment, { input: { bytesHex }, error: { code: 'invalid_json', reason: REASONS[flag] ?? flag } });
}

function accepted() {
  return [
    reads('Ordinary', 'an empty object', '{}'),
    reads('Ordinary', 'blanks of every kind around everything', ' \t\r\n{ "a" : [ 1 , true , false , null ] } \r\n'),
    reads('Ordinary', 'every short escape', '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t"}'),
    reads('Ordinary', 'an escaped letter', '{"a":"\\u00e9"}'),
    reads('Ordinary', 'an escape in capitals and small letters', '{"a":"\\u00Ab"}'),
    reads('Ordinary', 'letters as UTF-8 of two, three and four bytes', '{"a":"\u00e9\u20ac\ud83d\ude00"}'),
    reads('Ordinary', 'DEL and the line separators of Unicode, unescaped', '{"a":"\u007f\u2028\u2029"}'),
    reads('Ordinary', 'a name without characters', '{"":1}'),
    reads('Ordinary', 'names that programming languages know', '{"__proto__":1,"constructor":2,"toString":3,"hasOwnProperty":4}'),
    reads('Encoding', 'U+FEFF inside a text is a character', '{"a":"\ufeff"}'),
    reads('Surrogate', 'an escaped surrogate pair', '{"a":"\\ud83d\\ude00"}'),
    reads('Surrogate', 'an escaped surrogate pair in a name', '{"\\ud83d\\ude00":1}'),
    reads('Nul', 'U+0001 escaped', '{"a":"\\u0001"}'),
    reads('DuplicateKey', 'names that differ in case', '{"a":1,"A":2}'),
    reads('DuplicateKey', 'one name in two objects', '[{"a":1},{"a":1}]'),
    reads('DuplicateKey', 'one name inside and outside', '{"a":{"a":1}}'),
    reads('DuplicateKey', 'names that are equal only once normalised', '{"\u00e9":1,"e\u0301":2}'),
    reads('DuplicateKey', 'a text that looks like a name', '{"a":"a","b":"a"}'),
    ...[
      ['0', 'zero'], ['-0', 'minus zero, which is 0 in canonical form'], ['0.5e-7', 'a fraction with an exponent'], ['1E+2', 'a capital E and a plus'],
      ['1e3', 'an integer written with an exponent'], ['1000.0', 'an integer written with a fraction'], ['9007199254740991', '2^53 - 1'],
      ['-9007199254740991', '-(2^53 - 1)'], ['9.007199254740991e15', '2^53 - 1 with an exponent'], ['9007199254740991.0', '2^53 - 1 with a fraction'],
      ['1e-400', 'a number so small that its double is 0'], ['0e999', 'zero with a large exponent'], ['123.456', 'a fraction'], ['4.9e-324', 'the smallest double'],
    ].map(([token = '', comment = '']) => reads('Number', comment, `[${token}]`)),
  ];
}

function refused() {
  return [...encodings(), ...syntax(), ...numbers(), ...strings()];
}

function encodings() {
  return [
    refusesBytes('Encoding', 'a byte order mark', 'efbbbf7b7d'),
    refusesBytes('Encoding', 'a byte order mark after a blank', '20efbbbf7b7d'),
    refusesBytes('Encoding', 'a byte that UTF-8 never has', '7b2261223a22ff227d'),
    refusesBytes('Encoding', 'a continuation byte alone', '7b2261223a2280227d'),
    refusesBytes('Encoding', 'an overlong slash', '7b2261223a22c0af227d'),
    refusesBytes('Encoding', 'an overlong U+0000', '7b2261223a22c080227d'),
    refusesBytes('Encoding', 'a surrogate in UTF-8', '7b2261223a22eda080227d'),
    refusesBytes('Encoding', 'a surrogate pair in UTF-8', '7b2261223a22eda0bdedb880227d'),
    refusesBytes('Encoding', 'beyond U+10FFFF', '7b2261223a22f4908080227d'),
    refusesBytes('Encoding', 'a sequence cut by the quotation mark', '7b2261223a22c3227d'),
    refusesBytes('Encoding', 'a sequence cut by the end', '7b7dc3'),
    refusesBytes('Encoding', 'Latin-1', '7b2261223a22e9227d'),
    refusesBytes('Encoding', 'UTF-16, little-endian, with its mark', 'fffe7b007d00'),
    refusesBytes('Empty', 'nothing', ''),
    refuses('Empty', 'a blank', ' '),
    refuses('Empty', 'line breaks', '\r\n\t'),
  ];
}

function syntax() {
  const cases: readonly (readonly [comment: string, text: string])[] = [
    ['a comma after the last element', '[1,]'],
    ['a comma after the last member', '{"a":1,}'],
    ['a comma before the first element', '[,1]'],
    ['a name without quotation marks', '{a:1}'],
    ['apostrophes', "{'a':1}"],
    ['a number as name', '{1:1}'],
    ['a name alone', '{"a"}'],
    ['a member without value', '{"a":}'],
    ['no comma between elements', '[1 2]'],
    ['a comment', '{}// a'],
    ['a comment inside', '{/* a */}'],
    ['a second document', '{}{}'],
    ['a letter after the document', '{}a'],
    ['U+0000 after the document', '{}\u0000'],
    ['an array that is not closed', '['],
    ['an object that is not closed', '{"a":1'],
    ['an array that is closed as an object', '[1}'],
    ['an end alone', ']'],
    ['a word in capitals', '[True]'],
    ['a word that is cut', '[nul]'],
    ['undefined', '[undefined]'],
    ['not a number', '[NaN]'],
    ['infinity', '[Infinity]'],
    ['a plus sign before a number', '[+1]'],
    ['a zero before a number', '[01]'],
    ['a zero before a negative number', '[-01]'],
    ['a point before the digits', '[.5]'],
    ['a point after the digits', '[1.]'],
    ['an exponent without digits', '[1e]'],
    ['a minus sign alone', '[-]'],
    ['a hexadecimal number', '[0x10]'],
    ['a number with an underscore', '[1_000]'],
    ['an escape that JSON does not have', '["\\x41"]'],
    ['an escaped apostrophe', '["\\\'"]'],
    ['an escape of three digits', '["\\u041"]'],
    ['an escape with a letter that is no digit', '["\\u004g"]'],
    ['an escape in braces', '["\\u{41}"]'],
    ['a text that is not closed', '["a'],
    ['a line feed in a text', '["\n"]'],
    ['a tab in a text', '["\t"]'],
    ['U+001F in a text', '["\u001f"]'],
    ['a no-break space between tokens', '[\u00a01]'],
    ['a form feed between tokens', '[\f1]'],
  ];
  return cases.map(([comment, text]) => refuses('Syntax', comment, text));
}

function numbers() {
  return [
    refuses('Number', '2^53', '[9007199254740992]'),
    refuses('Number', '-(2^53)', '[-9007199254740992]'),
    refuses('Number', '2^53 + 1, whose double is 2^53', '[9007199254740993]'),
    refuses('Number', '2^53 with an exponent', '[9.007199254740992e15]'),
    refuses('Number', '2^53 with a fraction', '[9007199254740992.0]'),
    refuses('Number', 'a fraction whose double is 2^53', '[9007199254740991.6]'),
    refuses('Number', '10^20', '[100000000000000000000]'),
    refuses('Number', '10^21 with an exponent', '[1e21]'),
    refuses('Number', 'the largest double', '[1.7976931348623157e308]'),
    refuses('Number', 'beyond the largest double', '[1e309]'),
    refuses('Number', 'beyond the smallest negative double', '[-1e309]'),
    refuses('Number', 'a large exponent', '[1e999999999]'),
  ];
}

function strings() {
  return [
    refuses('DuplicateKey', 'a name twice with one value', '{"a":1,"a":1}'),
    refuses('DuplicateKey', 'a name twice with two values', '{"a":1,"b":2,"a":3}'),
    refuses('DuplicateKey', 'a name once written and once escaped', '{"a":1,"\\u0061":2}'),
    refuses('DuplicateKey', 'a slash once written and once escaped', '{"a/b":1,"a\\/b":2}'),
    refuses('DuplicateKey', 'an escape in capitals and in small letters', '{"\\u00e9":1,"\\u00E9":2}'),
    refuses('DuplicateKey', 'a surrogate pair once written and once escaped', '{"\ud83d\ude00":1,"\\ud83d\\ude00":2}'),
    refuses('DuplicateKey', 'a name twice in an inner object', '{"a":{"b":1,"b":2}}'),
    refuses('DuplicateKey', 'a name twice in an object of an array', '[{"b":1,"b":2}]'),
    refuses('DuplicateKey', 'the empty name twice', '{"":1,"":2}'),
    refuses('DuplicateKey', '__proto__ twice', '{"__proto__":1,"__proto__":2}'),
    refuses('Surrogate', 'a high half alone', '["\\ud83d"]'),
    refuses('Surrogate', 'a low half alone', '["\\ude00"]'),
    refuses('Surrogate', 'both halves the wrong way round', '["\\ude00\\ud83d"]'),
    refuses('Surrogate', 'a high half before a letter', '["\\ud83da"]'),
    refuses('Surrogate', 'two high halves', '["\\ud83d\\ud83d"]'),
    refuses('Surrogate', 'a half alone in a name', '{"\\ud83d":1}'),
    refuses('Nul', 'U+0000 escaped', '["\\u0000"]'),
    refuses('Nul', 'U+0000 escaped in a name', '{"a\\u0000":1}'),
    refuses('Nul', 'U+0000 unescaped in a text', '["\u0000"]'),
  ];
}

function depths(most: number) {
  return [
    reads('Depth', `${most} arrays`, nested(most)),
    reads('Depth', `${most} objects`, nestedObjects(most)),
    reads('Depth', `arrays one after the other, never more than ${most} open`, `[${Array.from({ length: 3 }, () => nested(most - 1)).join()}]`),
    refuses('Depth', `${most + 1} arrays`, nested(most + 1)),
    refuses('Depth', `${most + 1} objects`, nestedObjects(most + 1)),
    refuses('Depth', `${most} objects around an array`, nestedObjects(most).replace('1', '[]')),
    refuses('Depth', `${most} arrays around an empty object`, nested(most).replace('[]', '[{}]')),
    refuses('Depth', 'a thousand arrays that are never closed', '['.repeat(1_000)),
  ];
}

function topLevels() {
  const error = { code: 'invalid_body', pointer: '' };
  const refusesTop = (comment: string, text: string) => invalid('TopLevel', comment, { input: { bytesHex: hex(text) }, error });
  return [
    refusesTop('an array', '[]'),
    refusesTop('an array of one object', '[{}]'),
    refusesTop('a text', '"a"'),
    refusesTop('a number', '1'),
    refusesTop('true', 'true'),
    refusesTop('null', 'null'),
  ];
}
