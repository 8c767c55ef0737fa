import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { encodeBase64, encodeBase64Url } from './base64.ts';
import { parseDomain, parseKeyId } from './ids.ts';
import { formatSignatureHeader, parseSignatureHeader, SIGNATURE_HEADER, SignatureHeaderError } from './signature-header.ts';

const signature64 = encodeBase64(new Uint8Array(64).fill(7));
const parameters = {
  keyId: 'a.test',
  kid: 'k1',
  destination: 'b.test',
  created: '1795372800',
  nonce: 'AAECAwQFBgcICQoLDA0ODw',
  signature: signature64,
};
const header = (changes: Record<string, string> = {}, separator = ','): string =>
  Object.entries({ ...parameters, ...changes }).map(([name, value]) => `${name}="${value}"`).join(separator);
const without = (name: string): string =>
  Object.entries(parameters).filter(([other]) => other !== name).map(([other, value]) => `${other}="${value}"`).join(',');

describe('[SIG-1] the signature header', () => {
  it('has the name of the seed', () => {
    expect(SIGNATURE_HEADER).toBe('X-Federation-Signature'.toLowerCase());
  });

  it('is read', () => {
    expect(parseSignatureHeader(header())).toEqual({ ...parameters, created: 1_795_372_800, signature: new Uint8Array(64).fill(7) });
  });

  it('is written in the order of the text without blanks', () => {
    expect(formatSignatureHeader(parseSignatureHeader(header()))).toBe(header());
  });

  it('survives the round trip', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(bytes(16), bytes(64), fc.integer({ min: 0, max: 9_999_999_999 }), (nonce, signature, created) => {
        const sent = {
          keyId: parseDomain('a.test'), kid: parseKeyId('k_-1'), destination: parseDomain('xn--b.test'), created, nonce: encodeBase64Url(nonce), signature,
        };
        expect(parseSignatureHeader(formatSignatureHeader(sent))).toEqual(sent);
      }),
    );
  });

  test.each([[', '], [',   ']])('is read with the separator %j', (separator) => {
    expect(parseSignatureHeader(header({}, separator)).keyId).toBe('a.test');
  });

  it('is read in any order', () => {
    expect(parseSignatureHeader(header().split(',').reverse().join(', '))).toEqual(parseSignatureHeader(header()));
  });

  test.each<[string, string]>([
    ['empty', ''], ['blank', ' '], ['a blank in front', ` ${header()}`], ['a blank behind', `${header()} `], ['a comma behind', `${header()},`],
    ['a comma in front', `,${header()}`], ['two commas', header({}, ',,')], ['a blank before the comma', header({}, ' ,')],
    ['a tab', header({}, ',\t')], ['no comma', header({}, ' ')], ['nothing between two parameters', header({}, '')],
    ['nothing between the last two', header().replace('",signature', '"signature')], ['semicolons', header({}, ';')], ['two headers joined', `${header()}, ${header()}`],
    ['a parameter more', `${header()},alg="ed25519"`], ['a parameter twice', `${header()},kid="k1"`], ['an unquoted value', header().replace('"k1"', 'k1')],
    ['single quotes', header().replace('"k1"', "'k1'")], ['blanks around =', header().replace('kid=', 'kid =')], ['an escape', header({ kid: 'k\\1' })],
    ['a name in other case', header().replace('keyId', 'keyid')], ['an unclosed quote', header().slice(0, -1)],
    ...Object.keys(parameters).map((name) => [`no ${name}`, without(name)] satisfies [string, string]),
    ...Object.keys(parameters).map((name) => [`an empty ${name}`, header({ [name]: '' })] satisfies [string, string]),
  ])('is refused with %s', (_, value) => {
    expect(() => parseSignatureHeader(value)).toThrow(SignatureHeaderError);
  });

  test.each([
    ['keyId', 'A.test'], ['keyId', 'localhost'], ['keyId', 'a.test:443'], ['destination', 'b.test.'], ['destination', '127.0.0.1'], ['kid', 'k.1'],
    ['kid', 'k'.repeat(33)], ['created', '179537280'], ['created', '17953728000'], ['created', '179537280.'], ['created', '-795372800'],
    ['created', ' 795372800'], ['nonce', 'AAECAwQFBgcICQoLDA0OD'], ['nonce', 'AAECAwQFBgcICQoLDA0ODwA'], ['nonce', 'AAECAwQFBgcICQoLDA0ODx'],
    ['nonce', 'AAECAwQFBgcICQoLDA0O+w'], ['signature', encodeBase64(new Uint8Array(63))], ['signature', encodeBase64(new Uint8Array(65))],
    ['signature', encodeBase64Url(new Uint8Array(64))], ['signature', `${signature64.slice(0, -3)}x==`], ['signature', `${signature64}\n`],
  ])('is refused where %s is %j', (name, value) => {
    expect(() => parseSignatureHeader(header({ [name]: value }))).toThrow(SignatureHeaderError);
  });
});
