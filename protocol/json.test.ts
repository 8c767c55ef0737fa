import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { canonicalizeJson, isJsonObject, parseStrictJson, StrictJsonError } from './json.ts';
import type { JsonValue } from './json.ts';

const utf8 = new TextEncoder();
const parse = (text: string, maxDepth?: number): JsonValue =>
  parseStrictJson(utf8.encode(text), maxDepth === undefined ? {} : { maxDepth });
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

function faultOf(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    return error instanceof StrictJsonError ? error.code : 'another error';
  }
}

describe('[SIG-12] strict JSON', () => {
  it('reads every document that JSON.parse reads to the same value', () => {
    const documents = fc.json({ maxDepth: 6, noUnicodeString: false });
    fc.assert(
      fc.property(documents, (text) => {
        const fault = faultOf(() => parse(text));
        // Random numbers may be integers beyond 2^53 and random strings may hold U+0000: those two alone are refused.
        if (fault === null) expect(parse(text)).toEqual(JSON.parse(text));
        else expect(fault).toBeOneOf(['number', 'string']);
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads indented documents to the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(1, '\t', ' \r\n'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        if (faultOf(() => parse(text)) === null) expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('accepts no text that JSON.parse refuses', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'{}[]",:\\untrfalse01-+.eE \n\t\u00a0/'), maxLength: 14 });
    fc.assert(
      fc.property(texts, (text) => {
        if (faultOf(() => parse(text)) === null) expect(parse(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 20_000 },
    );
  });

  test.each([
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"', '"\\ud83d\\ude00"', '"😀\\u00e9😀"', '"\u007f\u2028"', '-0', '0.5e-7', '[]', '{}', ' {"a" : [ 1 , 2 ] } \r\n\t',
    '"\\uFEFF"', '"\ufeff"', '{"":""}', '[true,false,null]',
  ])('accepts %s', (text) => {
    expect(parse(text)).toStrictEqual(JSON.parse(text));
  });

  test.each([
    '[1,]', '{"a":1,}', '{a:1}', "{'a':1}", '01', '+1', '.5', '1.', '1e', '-', '0x10', 'NaN', 'Infinity', 'tru', 'nul', 'truex', '"\\x41"', '"\\u12"',
    '"\\u12g4"', '"a', '"\\', '"\n"', '"\t"', '{"a"}', '{"a":}', '[1 2]', '1 2', '{}{}', '[', '{', '{"a":1', '// a\n1', '\u00a01', ']', ',', '\\u0031',
  ])('refuses the syntax of %j', (text) => {
    expect(faultOf(() => parse(text))).toBe('syntax');
  });

  test.each(['', ' ', '\r\n\t '])('refuses the empty document %j', (text) => {
    expect(faultOf(() => parse(text))).toBe('empty');
  });

  test.each([
    ['a BOM', [0xef, 0xbb, 0xbf, 0x31]], ['a byte that is no UTF-8', [0x22, 0xff, 0x22]], ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]], ['a cut sequence', [0x22, 0xc3]], ['UTF-16', [0xff, 0xfe, 0x31, 0x00]],
  ])('refuses %s', (_, bytes) => {
    expect(faultOf(() => parseStrictJson(Uint8Array.from(bytes)))).toBe('encoding');
  });

  test.each(['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"a":{"b":1,"c":2,"b":3}}', '{"__proto__":1,"__proto__":2}', '{"":1,"":2}'])(
    'refuses the duplicate key in %s',
    (text) => {
      expect(faultOf(() => parse(text))).toBe('duplicate_key');
    },
  );

  test.each(['{"a":1,"A":2}', '[{"a":1},{"a":1}]', '{"a":{"a":1}}', '{"é":1,"e\u0301":2}', '{"toString":1,"constructor":2}'])(
    'accepts the distinct keys in %s',
    (text) => {
      expect(parse(text)).toEqual(JSON.parse(text));
    },
  );

  it('keeps a member named __proto__ a member', () => {
    const value = parse('{"__proto__":{"admin":true},"b":1}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(canonicalizeJson(value)).toBe('{"__proto__":{"admin":true},"b":1}');
  });

  it('accepts 16 open arrays and objects and refuses 17', () => {
    expect(faultOf(() => parse(nested(16)))).toBeNull();
    expect(faultOf(() => parse(nested(17)))).toBe('depth');
    expect(faultOf(() => parse(`${'{"a":'.repeat(16)}1${'}'.repeat(16)}`))).toBeNull();
    expect(faultOf(() => parse(`${'{"a":'.repeat(17)}1${'}'.repeat(17)}`))).toBe('depth');
  });

  it('counts open containers, not all of them', () => {
    expect(faultOf(() => parse(`[${Array.from({ length: 40 }, () => nested(15)).join(',')}]`))).toBeNull();
  });

  it('accepts three more inside a batch', () => {
    expect(faultOf(() => parse(nested(19), 19))).toBeNull();
    expect(faultOf(() => parse(nested(20), 19))).toBe('depth');
  });

  it('does not exhaust the stack on a bomb', () => {
    expect(faultOf(() => parse('['.repeat(250_000)))).toBe('depth');
  });

  test.each(['9007199254740991', '-9007199254740991', '9007199254740991.0', '9.007199254740991e15', '1e3', '1.0', '1e15', '1.5e-300', '1e-400', '0e999'])(
    'accepts the number %s',
    (text) => {
      expect(parse(text)).toBe(JSON.parse(text));
    },
  );

  test.each(['9007199254740992', '-9007199254740992', '9007199254740993', '9007199254740992.0', '9.007199254740992e15', '1e16', '1e300', '1e309', '-1e999', '9'.repeat(400)])(
    'refuses the number %s',
    (text) => {
      expect(faultOf(() => parse(text))).toBe('number');
    },
  );

  test.each(['"\\ud83d"', '"\\ude00"', '"\\ude00\\ud83d"', '"\\ud83dx\\ude00"', '"\\ud83d😀"', '"\\ud83d\\ud83d\\ude00"', '{"\\ud83d":1}', '"\\u0000"', '"a\\u0000b"', '"\u0000"', '{"\\u0000":1}'])(
    'refuses the string in %j',
    (text) => {
      expect(faultOf(() => parse(text))).toBe('string');
    },
  );
});

describe('RFC 8785', () => {
  it('reproduces the sample of section 3.2.2', () => {
    const sample = `{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`;
    expect(canonicalizeJson(JSON.parse(sample))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts names by UTF-16 code units as in section 3.2.3', () => {
    const sample = {
      '\u20ac': 'Euro Sign', '\r': 'Carriage Return', '\ufb33': 'Hebrew Letter Dalet With Dagesh', '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face', '\u0080': 'Control', '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect([...canonicalizeJson(sample).matchAll(/:"([^"]+)"/g)].map(([, value]) => value)).toEqual([
      'Carriage Return', 'One', 'Control', 'Latin Small Letter O With Diaeresis', 'Euro Sign', 'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  // RFC 8785 appendix B
  test.each([[-0, '0'], [5e-324, '5e-324'], [1.7976931348623157e308, '1.7976931348623157e+308'], [9007199254740992, '9007199254740992'], [1e21, '1e+21'], [1e-7, '1e-7'], [0.000001, '0.000001'], [295147905179352830000, '295147905179352830000']])(
    'writes %d as %s',
    (value, text) => {
      expect(canonicalizeJson(value)).toBe(text);
    },
  );

  it('is a fixed point that keeps the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        if (faultOf(() => parse(text)) !== null) return;
        const canonical = canonicalizeJson(parse(text));
        expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(parse(text))));
        expect(canonicalizeJson(parse(canonical))).toBe(canonical);
      }),
    );
  });

  test.each([[Number.NaN, 'number'], [Number.POSITIVE_INFINITY, 'number'], ['\ud83d', 'string'], [{ '\ude00': 1 }, 'string']])(
    'refuses what JSON cannot carry: %j',
    (value, fault) => {
      expect(faultOf(() => canonicalizeJson(value))).toBe(fault);
    },
  );
});

test.each([[{}, true], [{ a: 1 }, true], [null, false], [[], false], ['a', false], [undefined, false]])('an object is told from %j', (value, is) => {
  expect(isJsonObject(value)).toBe(is);
});
