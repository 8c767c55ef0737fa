import { CREATED, fixedBytes, flippedB64, listKeys, NOW, sha256, sha256B64, signB64 } from './fixed.ts';
import { answerLines, headerOf, headerOver, NONCE, requestLines, SERVER_KEYS } from './signed-exchange.ts';
import type { SignedParameters } from './signed-exchange.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const KEY = SERVER_KEYS['b.test example-2'];
const FROM_B: SignedParameters = { keyId: 'b.test', destination: 'a.test', kid: 'example-2', created: CREATED, nonce: NONCE };
const ACCEPTED = '{"status":"accepted","messageId":"01937f3e-0000-7000-8000-000000000000"}';
const REFUSED = '{"type":"urn:securechat:error:not_a_member","title":"Not a member","status":403,"detail":"The acting user is not a member of the conversation.","code":"not_a_member","requestId":"0123456789abcdef"}';

/** An answer as the requester has it; `headers` is every value of the signature header. */
interface ReceivedAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: readonly string[];
  readonly now: string;
}

const OK = { status: 202, body: ACCEPTED };
const FORBIDDEN = { status: 403, body: REFUSED };

const textOf = (answer: typeof OK, signed: SignedParameters = FROM_B): string => answerLines({ ...answer, body: Buffer.from(answer.body) }, signed);
const signedAnswer = (answer: typeof OK, signed: SignedParameters = FROM_B, key = KEY): ReceivedAnswer => ({
  ...answer, headers: [headerOver(textOf(answer, signed), signed, key)], now: NOW,
});

/** Lists canonical strings of answers, and signed answers as the requester judges them. @see docs/protocol.md [SIG-8] [SIG-9] */
export function answerVectors(): VectorSubject {
  return {
    subject: 'answers',
    notes: {
      Ordinary: 'An answer that every implementation of the Full profile signs and believes in this way.',
      Body: 'The hash of the body: of the bytes as they travel, of the empty string where there is none.',
      Header: 'Missing, repeated or malformed headers.',
      Binding: 'An answer of another domain, for another domain, or to another request.',
      Created: 'The age of the answer against the requester\u2019s clock `now`.',
      Key: 'A key that is not listed, or is another than the one that signed.',
      Altered: 'Something that the signature covers was changed on the way.',
      Construction: 'Another text was signed than the canonical string.',
    },
    privateTestKeys: listKeys(SERVER_KEYS),
    groups: [
      { type: 'CanonicalAnswer', clause: 'SIG-8', tests: canonicalStrings() },
      {
        type: 'SignedAnswer',
        clause: 'SIG-9',
        given: { called: 'b.test', own: 'a.test', nonce: NONCE, listedKeys: { 'example-2': KEY.publicKey } },
        tests: [...accepted(), ...refused()],
      },
    ],
  };
}

function canonicalStrings() {
  const canonical = (flag: string, comment: string, of: { answer: typeof OK; signed?: SignedParameters; bytes?: Buffer }) => {
    const { answer: { status, body }, signed = FROM_B, bytes = Buffer.from(body) } = of;
    const text = answerLines({ status, body: bytes }, signed);
    const signature = signB64(KEY, text);
    return valid(flag, comment, {
      input: { status, bodyHex: bytes.toString('hex'), ...signed, key: 'b.test example-2' },
      expected: { bodySha256: sha256B64(bytes), canonical: text, canonicalHex: Buffer.from(text).toString('hex'), signature, header: headerOf(signed, signature) },
    });
  };
  return [
    canonical('Ordinary', 'the worked example', { answer: { status: 200, body: `{"publicKey":"${Buffer.alloc(32, 9).toString('base64')}"}` } }),
    canonical('Ordinary', 'a success', { answer: OK }),
    canonical('Ordinary', 'an error', { answer: FORBIDDEN }),
    canonical('Ordinary', '201', { answer: { status: 201, body: '{"status":"created","conversationId":"c1"}' } }),
    canonical('Ordinary', '503', { answer: { status: 503, body: '' } }),
    canonical('Body', 'no body', { answer: { ...OK, body: '' } }),
    canonical('Body', 'letters outside ASCII', { answer: { ...OK, body: '{"a":"\u00e9"}' } }),
    canonical('Body', 'bytes of a file', { answer: { status: 200, body: '' }, bytes: fixedBytes('a file', 100) }),
    canonical('Ordinary', 'another domain', { answer: OK, signed: { ...FROM_B, destination: 'xn--bcher-kva.example' } }),
  ];
}

function accepted() {
  const accepts = (flag: string, comment: string, input: ReceivedAnswer) => valid(flag, comment, { input: { ...input } });
  return [
    accepts('Ordinary', 'a success', signedAnswer(OK)),
    accepts('Ordinary', 'an error', signedAnswer(FORBIDDEN)),
    accepts('Body', 'no body', signedAnswer({ ...OK, body: '' })),
    accepts('Created', '300 s ago', signedAnswer(OK, { ...FROM_B, created: CREATED - 300 })),
    accepts('Created', '300 s ahead', signedAnswer(OK, { ...FROM_B, created: CREATED + 300 })),
    accepts('Header', 'blanks and another order', { ...signedAnswer(OK), headers: [(signedAnswer(OK).headers[0] ?? '').split(',').reverse().join(', ')] }),
  ];
}

function refused() {
  const refuses = (flag: string, comment: string, rest: { reason: string; input: ReceivedAnswer }) =>
    invalid(flag, comment, { input: { ...rest.input }, error: { reason: rest.reason } });
  const original = signedAnswer(OK);
  const [header = ''] = original.headers;
  const parts = textOf(OK).split('\n');
  const over = (comment: string, text: string) => refuses('Construction', comment, { reason: 'bad_signature', input: { ...OK, headers: [headerOver(text, FROM_B, KEY)], now: NOW } });
  const altered = (comment: string, changes: Partial<ReceivedAnswer>) => refuses('Altered', comment, { reason: 'bad_signature', input: { ...original, ...changes } });
  const asRequest = requestLines({ method: 'POST', target: '/federation/v1/messages', body: Buffer.from(ACCEPTED) }, FROM_B);
  return [
    refuses('Header', 'a success without a header, as a proxy or a Core server would answer', { reason: 'unsigned', input: { ...original, headers: [] } }),
    refuses('Header', 'an error without a header: a page of the proxy', { reason: 'unsigned', input: { status: 403, body: '<html>Forbidden</html>', headers: [], now: NOW } }),
    refuses('Header', 'the header twice', { reason: 'malformed', input: { ...original, headers: [header, header] } }),
    refuses('Header', 'an empty header', { reason: 'malformed', input: { ...original, headers: [''] } }),
    refuses('Header', 'a header without nonce', { reason: 'malformed', input: { ...original, headers: [header.replace(/nonce="[^"]*",/, '')] } }),
    refuses('Binding', 'another domain answers', { reason: 'wrong_key_id', input: signedAnswer(OK, { ...FROM_B, keyId: 'c.test' }) }),
    refuses('Binding', 'for another domain', { reason: 'wrong_destination', input: signedAnswer(OK, { ...FROM_B, destination: 'c.test' }) }),
    refuses('Binding', 'the request itself sent back', { reason: 'wrong_key_id', input: signedAnswer(OK, { ...FROM_B, keyId: 'a.test', destination: 'b.test', kid: 'example-1' }, SERVER_KEYS['a.test example-1']) }),
    refuses('Binding', 'the answer to another request', { reason: 'wrong_nonce', input: signedAnswer(OK, { ...FROM_B, nonce: 'AQEBAQEBAQEBAQEBAQEBAQ' }) }),
    refuses('Created', '301 s ago', { reason: 'wrong_time', input: signedAnswer(OK, { ...FROM_B, created: CREATED - 301 }) }),
    refuses('Created', '301 s ahead', { reason: 'wrong_time', input: signedAnswer(OK, { ...FROM_B, created: CREATED + 301 }) }),
    refuses('Key', 'a kid that is not listed', { reason: 'no_key', input: signedAnswer(OK, { ...FROM_B, kid: 'example-3' }) }),
    refuses('Key', 'another key under the same kid', { reason: 'bad_signature', input: signedAnswer(OK, FROM_B, SERVER_KEYS['c.test example-1']) }),
    altered('a status of success in place of an error', { ...signedAnswer(FORBIDDEN), status: 202 }),
    altered('another status of success', { status: 200 }),
    altered('a letter of the body', { body: ACCEPTED.replace('accepted', 'accepteD') }),
    altered('no body', { body: '' }),
    altered('a line feed after the body', { body: `${ACCEPTED}\n` }),
    altered('another created in the header', { headers: [header.replace(String(CREATED), String(CREATED + 1))] }),
    altered('a bit of the signature', { headers: [headerOf(FROM_B, flippedB64(signB64(KEY, textOf(OK)), 40))] }),
    over('the label of requests', parts.with(0, 'securechat-s2s-v1').join('\n')),
    over('the lines of a request', asRequest),
    over('the status with its reason', parts.with(1, '202 Accepted').join('\n')),
    over('no status', parts.toSpliced(1, 1).join('\n')),
    over('a line feed at the end', `${parts.join('\n')}\n`),
    over('the hash in hexadecimal', parts.with(7, sha256(ACCEPTED).toString('hex')).join('\n')),
    over('the body itself', parts.with(7, ACCEPTED).join('\n')),
  ];
}
