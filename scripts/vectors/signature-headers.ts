import { fixedBytes } from './fixed.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const SIGNATURE = fixedBytes('signature header', 64);
const PARAMETERS = {
  keyId: 'a.test', kid: 'example-1', destination: 'b.test', created: '1795000000', nonce: 'AAECAwQFBgcICQoLDA0ODw', signature: SIGNATURE.toString('base64'),
};
type Name = keyof typeof PARAMETERS;
const NAMES: readonly Name[] = ['keyId', 'kid', 'destination', 'created', 'nonce', 'signature'];

const param = (name: Name, value: string = PARAMETERS[name]): string => `${name}="${value}"`;
const header = (names: readonly Name[] = NAMES, separator = ','): string => names.map((name) => param(name)).join(separator);
const withValue = (name: Name, value: string): string => NAMES.map((other) => (other === name ? param(other, value) : param(other))).join(',');
const without = (name: Name): string => header(NAMES.filter((other) => other !== name));
const replaced = (from: string, to: string): string => header().replace(from, to);

/** Lists values of the signature header. @see docs/protocol.md [SIG-1] */
export function signatureHeaderVectors(): VectorSubject {
  return {
    subject: 'signature-headers',
    notes: {
      Ordinary: 'A value that every implementation accepts.',
      Order: 'The six parameters in any order.',
      Blank: 'Blanks: any number of spaces after a comma, and nowhere else.',
      Missing: 'One of the six is not there.',
      Repeated: 'One of the six stands twice.',
      Unknown: 'Another name than the six.',
      Grammar: 'Equals signs, quotation marks and commas.',
      Value: 'A parameter whose value is not of its form.',
      Canonical: 'base64 or base64url whose decoding and encoding gives another text.',
    },
    groups: [{ type: 'SignatureHeader', clause: 'SIG-1', tests: [...accepted(), ...grammar(), ...values()] }],
  };
}

function accepted() {
  const { created, signature: _, ...texts } = PARAMETERS;
  const parameters = { ...texts, created: Number(created), signatureHex: SIGNATURE.toString('hex') };
  const reads = (flag: string, comment: string, value: string) => valid(flag, comment, { input: { value }, expected: parameters });
  const readsOther = (comment: string, name: Name, text: string) =>
    valid('Value', comment, { input: { value: withValue(name, text) }, expected: { ...parameters, [name]: name === 'created' ? Number(text) : text } });
  return [
    reads('Ordinary', 'no blanks', header()),
    reads('Blank', 'a space after each comma', header(NAMES, ', ')),
    reads('Blank', 'several spaces after each comma', header(NAMES, ',    ')),
    reads('Order', 'the other way round', header([...NAMES].reverse())),
    reads('Order', 'in the order of the alphabet', header([...NAMES].sort())),
    reads('Order', 'the signature first', header(['signature', 'keyId', 'kid', 'destination', 'created', 'nonce'], ', ')),
    readsOther('created with zeros in front', 'created', '0000000001'),
    readsOther('the longest kid', 'kid', 'a'.repeat(32)),
    readsOther('a kid of signs', 'kid', '-_-'),
    readsOther('a domain of A-labels', 'keyId', 'xn--bcher-kva.example'),
    readsOther('a nonce that ends with A', 'nonce', 'AAECAwQFBgcICQoLDA0ODA'),
    readsOther('a nonce that ends with Q', 'nonce', 'AAECAwQFBgcICQoLDA0ODQ'),
    readsOther('a nonce that ends with g', 'nonce', 'AAECAwQFBgcICQoLDA0ODg'),
    readsOther('a nonce of signs', 'nonce', '-_-_-_-_-_-_-_-_-_-_-w'),
  ];
}

function refuses(flag: string, comment: string, value: string) {
  return invalid(flag, comment, { input: { value }, error: { code: 'signature_malformed' } });
}

function grammar() {
  return [
    refuses('Grammar', 'nothing', ''),
    refuses('Grammar', 'a comma alone', ','),
    ...NAMES.map((name) => refuses('Missing', `no ${name}`, without(name))),
    ...NAMES.map((name) => refuses('Repeated', `${name} twice`, `${header()},${param(name)}`)),
    refuses('Repeated', 'keyId twice with two values, where one reader takes the first and another the last', `${header()},${param('keyId', 'c.test')}`),
    refuses('Repeated', 'two whole values joined by a comma', `${header()}, ${header()}`),
    refuses('Unknown', 'a seventh parameter', `${header()},algorithm="ed25519"`),
    refuses('Unknown', 'a name in another case', replaced('keyId', 'keyid')),
    refuses('Unknown', 'a name in capitals', replaced('nonce', 'NONCE')),
    refuses('Unknown', 'a name of signs', replaced('kid', 'k-d')),
    refuses('Unknown', 'a scheme in front', `Signature ${header()}`),
    refuses('Blank', 'a space in front', ` ${header()}`),
    refuses('Blank', 'a space at the end', `${header()} `),
    refuses('Blank', 'a space before a comma', replaced('",', '" ,')),
    refuses('Blank', 'a tab after a comma', replaced(',', ',\t')),
    refuses('Blank', 'a line feed after a comma', replaced(',', ',\n')),
    refuses('Blank', 'a space before an equals sign', replaced('=', ' =')),
    refuses('Blank', 'a space after an equals sign', replaced('=', '= ')),
    refuses('Blank', 'a space inside a value', withValue('kid', 'example 1')),
    refuses('Grammar', 'a comma at the end', `${header()},`),
    refuses('Grammar', 'a comma in front', `,${header()}`),
    refuses('Grammar', 'two commas', replaced(',', ',,')),
    refuses('Grammar', 'semicolons', header(NAMES, ';')),
    refuses('Grammar', 'no separator', header(NAMES, '')),
    refuses('Grammar', 'spaces alone as separator', header(NAMES, ' ')),
    refuses('Grammar', 'a value without quotation marks', replaced('"a.test"', 'a.test')),
    refuses('Grammar', 'a number without quotation marks', replaced('"1795000000"', '1795000000')),
    refuses('Grammar', 'apostrophes', replaced('"a.test"', "'a.test'")),
    refuses('Grammar', 'a quotation mark that is not closed', header().slice(0, -1)),
    refuses('Grammar', 'an escaped quotation mark', withValue('kid', 'example\\"1')),
    refuses('Grammar', 'a colon in place of an equals sign', replaced('=', ':')),
    refuses('Grammar', 'a name without value', replaced('keyId="a.test"', 'keyId')),
    refuses('Grammar', 'a letter after a value', replaced('",', '"a,')),
    refuses('Grammar', 'the name of the header', `X-Federation-Signature: ${header()}`),
  ];
}

function values() {
  const bad = (comment: string, name: Name, value: string) => refuses('Value', comment, withValue(name, value));
  const unlike = (comment: string, name: Name, value: string) => refuses('Canonical', comment, withValue(name, value));
  const b64 = PARAMETERS.signature;
  return [
    ...NAMES.map((name) => bad(`${name} empty`, name, '')),
    bad('keyId with a capital letter', 'keyId', 'A.test'),
    bad('keyId of one label', 'keyId', 'localhost'),
    bad('keyId with a port', 'keyId', 'a.test:443'),
    bad('keyId with a trailing dot', 'keyId', 'a.test.'),
    bad('keyId that is a user id', 'keyId', 'alice@a.test'),
    bad('destination that is an IP address', 'destination', '127.0.0.1'),
    bad('destination with a capital letter', 'destination', 'b.Test'),
    bad('kid of 33 characters', 'kid', 'a'.repeat(33)),
    bad('kid with a dot', 'kid', 'example.1'),
    bad('created of 9 digits', 'created', '179500000'),
    bad('created of 11 digits', 'created', '17950000000'),
    bad('created in milliseconds', 'created', '1795000000000'),
    bad('created with a sign', 'created', '+179500000'),
    bad('created with a fraction', 'created', '179500000.'),
    bad('created in hexadecimal digits', 'created', '179500000f'),
    bad('created in digits that are not ASCII', 'created', '179500000\u0660'),
    bad('nonce of 21 characters', 'nonce', 'AAECAwQFBgcICQoLDA0OD'),
    bad('nonce of 23 characters', 'nonce', 'AAECAwQFBgcICQoLDA0ODwA'),
    bad('nonce in the alphabet of base64', 'nonce', '+/ECAwQFBgcICQoLDA0ODw'),
    bad('nonce in hexadecimal', 'nonce', '000102030405060708090a0b0c0d0e0f'),
    unlike('nonce with padding', 'nonce', 'AAECAwQFBgcICQoLDA0ODw=='),
    unlike('nonce whose unused bits are not zero', 'nonce', 'AAECAwQFBgcICQoLDA0ODx'),
    bad('signature of 63 bytes', 'signature', SIGNATURE.subarray(1).toString('base64')),
    bad('signature of 65 bytes', 'signature', Buffer.concat([SIGNATURE, SIGNATURE]).subarray(0, 65).toString('base64')),
    bad('signature in hexadecimal', 'signature', SIGNATURE.toString('hex')),
    unlike('signature without padding', 'signature', b64.replace(/=+$/, '')),
    unlike('signature as base64url', 'signature', Buffer.alloc(64, 0xff).toString('base64').replaceAll('/', '_')),
    unlike('signature whose unused bits are not zero', 'signature', `${b64.slice(0, -3)}${nextLetter(b64.charAt(85))}==`),
    unlike('signature with a blank at the end', 'signature', `${b64} `),
  ];
}

/** Gives the letter whose last bit alone differs. */
function nextLetter(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return alphabet.charAt(alphabet.indexOf(letter) + 1);
}
