import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { base64ByteLength, base64UrlByteLength, Base64Error, decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from './base64.ts';

const utf8 = new TextEncoder();

describe('base64', () => {
  // RFC 4648 section 10
  test.each([
    ['', ''], ['f', 'Zg=='], ['fo', 'Zm8='], ['foo', 'Zm9v'], ['foob', 'Zm9vYg=='], ['fooba', 'Zm9vYmE='], ['foobar', 'Zm9vYmFy'],
  ])('RFC 4648: %j is %j', (text, encoded) => {
    expect(encodeBase64(utf8.encode(text))).toBe(encoded);
    expect(new TextDecoder().decode(decodeBase64(encoded))).toBe(text);
  });

  it('agrees with Node for every byte string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(encodeBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
        expect(decodeBase64Url(encodeBase64Url(bytes))).toEqual(bytes);
      }),
    );
  });

  it('is canonical: what decodes encodes to the same text', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'ABZaz059+/-_= \n\u0141'), maxLength: 12 });
    fc.assert(
      fc.property(texts, (text) => {
        expect(reencoded(text, decodeBase64, encodeBase64)).toBeOneOf([text, null]);
        expect(reencoded(text, decodeBase64Url, encodeBase64Url)).toBeOneOf([text, null]);
        expect(reencoded(text, decodeBase64, encodeBase64) === text).toBe(Buffer.from(text, 'base64').toString('base64') === text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is measured without being decoded: the same length, and the same texts refused', () => {
    const lengthOf = (measure: (text: string) => number, text: string): number | null => {
      try {
        return measure(text);
      } catch (error) {
        expect(error).toBeInstanceOf(Base64Error);
        return null;
      }
    };
    const texts = fc.string({ unit: fc.constantFrom(...'AQgwZaz059+/-_= \n\u0141\u0176'), maxLength: 13 });
    fc.assert(
      fc.property(texts, (text) => {
        expect(lengthOf(base64ByteLength, text)).toBe(lengthOf((given) => decodeBase64(given).length, text));
        expect(lengthOf(base64UrlByteLength, text)).toBe(lengthOf((given) => decodeBase64Url(given).length, text));
      }),
      { numRuns: 5_000 },
    );
  });

  test.each(['Zg', 'Zg=', 'Zh==', 'Zm9=', 'Zm8', 'Zg==\n', ' Zg==', 'Z', 'Z===', '=', '====', 'Zg==Zg==', 'Z-==', 'Zm9_', 'Zm9\u0176'])(
    'refuses %j',
    (text) => {
      expect(() => decodeBase64(text)).toThrow(Base64Error);
    },
  );

  test.each(['Zg==', 'Zh', 'Zm9', 'Z', 'Zm9+', 'Zm9/', 'Zm8=', 'Zg\n'])('refuses %j as base64url', (text) => {
    expect(() => decodeBase64Url(text)).toThrow(Base64Error);
  });

  it('accepts the alphabet of its own section', () => {
    expect([...decodeBase64('+/+/')]).toEqual([...decodeBase64Url('-_-_')]);
  });
});

function reencoded(text: string, decode: (text: string) => Uint8Array, encode: (bytes: Uint8Array) => string): string | null {
  try {
    return encode(decode(text));
  } catch {
    return null;
  }
}
