import { CREATED, fixedBytes, listKeys, NOW, sha256, sha256B64, signB64 } from './fixed.ts';
import { fromBytes, ORDER, toBytes } from './plain-ed25519.ts';
import { FROM_A, headerOf, headerOver, NONCE, requestLines, SERVER_KEYS } from './signed-exchange.ts';
import type { SignedParameters } from './signed-exchange.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const KEY = SERVER_KEYS['a.test example-1'];
const MESSAGE = '{"conversationId":"AAECAwQFBgcICQoLDA0ODw:a.test","senderId":"alice@a.test","recipientServerDomain":"b.test","payload":{"nonce":"AAAAAAAAAAAAAAAA","ciphertext":"AA==","authTag":"AAAAAAAAAAAAAAAAAAAAAA==","associatedData":{}},"timestamp":"2026-11-18T11:06:40.000Z"}';

/** A request as the receiver has it, `headers` being every value of the signature header. */
interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly headers: readonly string[];
  readonly now: string;
}

const GET = { method: 'GET', target: '/federation/v1/users/bob@b.test/public_key', body: '' };
const POST = { method: 'POST', target: '/federation/v1/messages', body: MESSAGE };
const PUT = { method: 'PUT', target: '/federation/v1/conversations/c1/session_key', body: '{}' };

const bytesOf = <Request extends { readonly body: string }>(request: Request) => ({ ...request, body: Buffer.from(request.body) });
const textOf = (request: typeof GET, signed: SignedParameters = FROM_A): string => requestLines(bytesOf(request), signed);
const signedRequest = (request: typeof GET, signed: SignedParameters = FROM_A, key = KEY): ReceivedRequest => ({
  ...request, headers: [headerOver(textOf(request, signed), signed, key)], now: NOW,
});

/** Lists canonical strings of requests, and signed requests as a receiver judges them. @see docs/protocol.md [SIG-1] to [SIG-7] */
export function requestVectors(): VectorSubject {
  return {
    subject: 'requests',
    notes: {
      Ordinary: 'A request that every implementation signs and accepts in this way.',
      Body: 'The hash of the body: of the bytes as they travel, of the empty string where there is none.',
      Number: 'How `created` is written: ten digits in the header, without leading zeros in the canonical string.',
      Header: 'Missing, repeated or empty headers, other orders and blanks.',
      Created: 'The age of a request against the receiver\u2019s clock `now`.',
      Destination: 'For whom a request is, and from whom it cannot come.',
      Key: 'A key that is not listed, or is another than the one that signed.',
      Policy: 'A domain that the receiver has blocked.',
      Replay: 'A pair of keyId and nonce that was accepted before.',
      Order: 'Two faults at once: the check that comes first decides.',
      Altered: 'Something that the signature covers was changed on the way.',
      Construction: 'Another text was signed than the canonical string.',
      Malleable: 'A second signature that lenient verifiers accept.',
    },
    privateTestKeys: listKeys(SERVER_KEYS),
    groups: [
      { type: 'CanonicalRequest', clause: 'SIG-2', tests: canonicalStrings() },
      { type: 'SignedRequest', clause: 'SIG-2', given: GIVEN, tests: [...accepted(), ...headers(), ...circumstances(), ...altered(), ...constructions()] },
    ],
  };
}

const GIVEN = {
  servedDomains: ['b.test', 'd.test'],
  blockedDomains: ['blocked.test'],
  listedKeys: {
    'a.test': { 'example-1': KEY.publicKey, 'other-1': SERVER_KEYS['a.test other-1'].publicKey },
    'c.test': { 'example-1': SERVER_KEYS['c.test example-1'].publicKey },
  },
  spentNonces: [{ keyId: 'a.test', nonce: 'AQEBAQEBAQEBAQEBAQEBAQ' }],
};

function canonicalStrings() {
  const canonical = (flag: string, comment: string, of: { request: typeof GET; signed?: SignedParameters; bytes?: Buffer }) => {
    const { request: { method, target, body }, signed = FROM_A, bytes = Buffer.from(body) } = of;
    const text = requestLines({ method, target, body: bytes }, signed);
    const signature = signB64(KEY, text);
    return valid(flag, comment, {
      input: { method, target, bodyHex: bytes.toString('hex'), ...signed, key: 'a.test example-1' },
      expected: { bodySha256: sha256B64(bytes), canonical: text, canonicalHex: Buffer.from(text).toString('hex'), signature, header: headerOf(signed, signature) },
    });
  };
  return [
    canonical('Ordinary', 'the worked example without a body', { request: GET }),
    canonical('Ordinary', 'the worked example with a body', { request: POST }),
    canonical('Ordinary', 'a PUT', { request: PUT }),
    canonical('Ordinary', 'an id with a colon in the target', { request: { ...PUT, target: '/federation/v1/conversations/AAECAwQFBgcICQoLDA0ODw:a.test/session_key' } }),
    canonical('Ordinary', 'domains of A-labels', { request: GET, signed: { ...FROM_A, keyId: 'xn--bcher-kva.example', destination: 'xn--80ak6aa92e.test' } }),
    canonical('Body', 'a POST without a body', { request: { ...POST, body: '' } }),
    canonical('Body', 'a GET with a body, which is hashed all the same', { request: { ...GET, body: 'hello' } }),
    canonical('Body', 'letters outside ASCII', { request: { ...POST, body: '{"a":"\u00e9\u20ac\ud83d\ude00"}' } }),
    canonical('Body', 'a line feed at the end', { request: { ...PUT, body: '{}\n' } }),
    canonical('Body', 'bytes that are no UTF-8', { request: POST, bytes: Buffer.from('00ff80c3', 'hex') }),
    canonical('Body', 'a large body', { request: POST, bytes: fixedBytes('a large body', 1_024) }),
    canonical('Number', 'the first second', { request: GET, signed: { ...FROM_A, created: 1 } }),
    canonical('Number', 'the last that ten digits hold', { request: GET, signed: { ...FROM_A, created: 9_999_999_999 } }),
    canonical('Ordinary', 'the longest kid', { request: GET, signed: { ...FROM_A, kid: 'k'.repeat(32) } }),
  ];
}

const accepts = (flag: string, comment: string, input: ReceivedRequest) => valid(flag, comment, { input: { ...input } });

function accepted() {
  const [header = ''] = signedRequest(POST).headers;
  const inOrder = header.split(',');
  const second = SERVER_KEYS['a.test other-1'];
  return [
    accepts('Ordinary', 'without a body', signedRequest(GET)),
    accepts('Ordinary', 'with a body', signedRequest(POST)),
    accepts('Ordinary', 'a PUT', signedRequest(PUT)),
    accepts('Body', 'a GET with a body', signedRequest({ ...GET, body: 'hello' })),
    accepts('Key', 'the second of two keys', signedRequest(POST, { ...FROM_A, kid: 'other-1' }, second)),
    accepts('Key', 'another domain whose key has the same kid', signedRequest(POST, { ...FROM_A, keyId: 'c.test' }, SERVER_KEYS['c.test example-1'])),
    accepts('Destination', 'another domain that the receiver serves', signedRequest(POST, { ...FROM_A, destination: 'd.test' })),
    accepts('Header', 'a space after each comma', { ...signedRequest(POST), headers: [inOrder.join(', ')] }),
    accepts('Header', 'the parameters the other way round', { ...signedRequest(POST), headers: [[...inOrder].reverse().join()] }),
    accepts('Created', '300 s ago', signedRequest(POST, { ...FROM_A, created: CREATED - 300 })),
    accepts('Created', '300 s ahead', signedRequest(POST, { ...FROM_A, created: CREATED + 300 })),
    accepts('Created', '300 s ago by the whole seconds of the clock', { ...signedRequest(POST, { ...FROM_A, created: CREATED - 300 }), now: '2026-11-18T11:06:40.999Z' }),
    accepts('Replay', 'the nonce of another domain', signedRequest(POST, { ...FROM_A, keyId: 'c.test', nonce: 'AQEBAQEBAQEBAQEBAQEBAQ' }, SERVER_KEYS['c.test example-1'])),
  ];
}

function refuses(flags: string | readonly string[], comment: string, rest: { code: string; clause?: string; input: ReceivedRequest }) {
  const { code, clause, input } = rest;
  return invalid(flags, comment, { input: { ...input }, error: { code }, ...(clause !== undefined && { clause }) });
}

function headers() {
  const request = signedRequest(POST);
  const [header = ''] = request.headers;
  const malformed = (comment: string, values: readonly string[]) =>
    refuses('Header', comment, { code: 'signature_malformed', clause: 'SIG-1', input: { ...request, headers: values } });
  return [
    refuses('Header', 'no header', { code: 'signature_missing', clause: 'SIG-1', input: { ...request, headers: [] } }),
    malformed('an empty header', ['']),
    malformed('the header twice', [header, header]),
    malformed('the header twice, with another value', [header, ...signedRequest(GET).headers]),
    malformed('the header and an empty one', [header, '']),
    malformed('the header twice on one line', [`${header}, ${header}`]),
  ];
}

function circumstances() {
  const stale = { ...FROM_A, created: CREATED - 301 };
  const unlisted = { ...FROM_A, kid: 'example-9' };
  const spent = { ...FROM_A, nonce: 'AQEBAQEBAQEBAQEBAQEBAQ' };
  const window = { code: 'timestamp_out_of_window', clause: 'SIG-4' };
  return [
    refuses('Created', '301 s ago', { ...window, input: signedRequest(POST, stale) }),
    refuses('Created', '301 s ahead', { ...window, input: signedRequest(POST, { ...FROM_A, created: CREATED + 301 }) }),
    refuses('Created', '300.001 s ahead, by the whole seconds of the clock 301', {
      ...window, input: { ...signedRequest(POST, { ...FROM_A, created: CREATED + 300 }), now: '2026-11-18T11:06:39.999Z' },
    }),
    refuses('Created', 'the first second of Unix', { ...window, input: signedRequest(POST, { ...FROM_A, created: 0 }) }),
    refuses('Destination', 'a domain that is not served', { code: 'misdirected', clause: 'SIG-6', input: signedRequest(POST, { ...FROM_A, destination: 'c.test' }) }),
    refuses('Destination', 'from the receiver itself', { code: 'signature_malformed', clause: 'SIG-6', input: signedRequest(POST, { ...FROM_A, keyId: 'b.test' }) }),
    refuses('Destination', 'from another domain that the receiver serves', { code: 'signature_malformed', clause: 'SIG-6', input: signedRequest(POST, { ...FROM_A, keyId: 'd.test' }) }),
    refuses('Key', 'a kid that is not listed', { code: 'unknown_key', clause: 'KEY-5', input: signedRequest(POST, unlisted) }),
    refuses('Key', 'the kid of the other key', { code: 'signature_invalid', clause: 'KEY-5', input: signedRequest(POST, { ...FROM_A, kid: 'other-1' }) }),
    refuses('Key', 'the key of another domain with the same kid', { code: 'signature_invalid', clause: 'KEY-5', input: signedRequest(POST, { ...FROM_A, keyId: 'c.test' }) }),
    refuses('Policy', 'a domain that is blocked', { code: 'domain_blocked', clause: 'ERR-3', input: signedRequest(POST, { ...FROM_A, keyId: 'blocked.test' }) }),
    refuses('Replay', 'a nonce that was accepted before', { code: 'replay_detected', clause: 'SIG-5', input: signedRequest(POST, spent) }),
    refuses('Order', 'blocked and misdirected', { code: 'domain_blocked', clause: 'ERR-3', input: signedRequest(POST, { ...FROM_A, keyId: 'blocked.test', destination: 'c.test' }) }),
    refuses('Order', 'misdirected and too old', { code: 'misdirected', clause: 'ERR-3', input: signedRequest(POST, { ...stale, destination: 'c.test' }) }),
    refuses('Order', 'too old and with an unlisted kid', { code: 'timestamp_out_of_window', clause: 'ERR-3', input: signedRequest(POST, { ...stale, kid: 'example-9' }) }),
    refuses('Order', 'a spent nonce and a wrong signature', { code: 'signature_invalid', clause: 'ERR-3', input: signedRequest(POST, spent, SERVER_KEYS['c.test example-1']) }),
  ];
}

function altered() {
  const original = signedRequest(POST);
  const [signature = ''] = /signature="(.*)"/.exec(original.headers[0] ?? '')?.slice(1) ?? [];
  const change = (comment: string, changes: Partial<ReceivedRequest>) => refuses('Altered', comment, { code: 'signature_invalid', input: { ...original, ...changes } });
  const reheaded = (comment: string, signed: Partial<SignedParameters>) => change(comment, { headers: [headerOf({ ...FROM_A, ...signed }, signature)] });
  return [
    change('a letter of the body', { body: MESSAGE.replace('alice', 'alicf') }),
    change('a line feed after the body', { body: `${MESSAGE}\n` }),
    change('a blank in the body', { body: MESSAGE.replace(':', ': ') }),
    change('members of the body in another order', { body: MESSAGE.replace(/^\{("conversationId":"[^"]*"),("senderId":"[^"]*")/, '{$2,$1') }),
    change('no body', { body: '' }),
    change('another method', { method: 'PUT' }),
    change('another target', { target: '/federation/v1/conversations' }),
    change('a target with another prefix', { target: '/messages' }),
    change('a target with a capital letter', { target: '/federation/v1/Messages' }),
    reheaded('another created', { created: CREATED + 1 }),
    reheaded('another nonce', { nonce: 'AAECAwQFBgcICQoLDA0ODA' }),
    reheaded('another destination that the receiver serves', { destination: 'd.test' }),
    reheaded('another kid of the same domain', { kid: 'other-1' }),
  ];
}

function constructions() {
  const right = textOf(POST);
  const parts = right.split('\n');
  const over = (comment: string, text: string) => refuses('Construction', comment, { code: 'signature_invalid', input: { ...POST, headers: [headerOver(text, FROM_A, KEY)], now: NOW } });
  const relined = (comment: string, index: number, line: string) => over(comment, parts.with(index, line).join('\n'));
  const body = Buffer.from(MESSAGE);
  const raw = Buffer.from(signB64(KEY, right), 'base64');
  return [
    over('a line feed at the end', `${right}\n`),
    over('carriage returns and line feeds', parts.join('\r\n')),
    over('blanks between the lines', parts.join(' ')),
    over('no label', parts.slice(1).join('\n')),
    relined('the label of answers', 0, 'securechat-s2s-v1-response'),
    relined('the label in capitals', 0, 'SECURECHAT-S2S-V1'),
    relined('the method in small letters', 1, 'post'),
    relined('the target with a host', 2, 'https://b.test/federation/v1/messages'),
    relined('the target in escapes', 2, '/federation/v1/%6dessages'),
    relined('created as the header has it in milliseconds', 6, `${CREATED}000`),
    relined('created with a zero in front', 6, `0${CREATED}`),
    relined('the nonce as base64', 7, `${NONCE}==`),
    relined('the hash in hexadecimal', 8, sha256(body).toString('hex')),
    relined('the hash as base64url', 8, sha256(body).toString('base64url')),
    relined('the hash of the empty string', 8, sha256B64('')),
    relined('the body itself', 8, MESSAGE),
    relined('an empty line for the hash', 8, ''),
    over('no line for the hash', parts.slice(0, 8).join('\n')),
    over('keyId, kid and destination in the order of the header', [...parts.slice(0, 3), 'a.test', 'example-1', 'b.test', ...parts.slice(6)].join('\n')),
    over('the hash of the canonical string', sha256(right).toString('base64')),
    refuses('Construction', 'an empty line for the hash where there is no body', {
      code: 'signature_invalid', input: { ...GET, headers: [headerOver(textOf(GET).split('\n').with(8, '').join('\n'), FROM_A, KEY)], now: NOW },
    }),
    refuses('Malleable', 'S + L in place of S', { code: 'signature_invalid', clause: 'SIG-7', input: { ...POST, headers: [headerOf(FROM_A, plusOrder(raw))], now: NOW } }),
    refuses('Malleable', 'S with a bit that RFC 8032 masks', { code: 'signature_invalid', clause: 'SIG-7', input: { ...POST, headers: [headerOf(FROM_A, withTopBit(raw))], now: NOW } }),
  ];
}

/** Adds L to the second half. */
function plusOrder(signature: Buffer): string {
  return Buffer.concat([signature.subarray(0, 32), toBytes(fromBytes(signature.subarray(32)) + ORDER)]).toString('base64');
}

function withTopBit(signature: Buffer): string {
  return Buffer.from(signature.map((byte, index) => (index === 63 ? byte | 0x80 : byte))).toString('base64');
}
