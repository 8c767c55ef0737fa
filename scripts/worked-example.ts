import { createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { encodeBase64, encodeBase64Url } from '../protocol/base64.ts';
import { canonicalRequest, canonicalResponse } from '../protocol/canonical-string.ts';
import { MESSAGES_TARGET, userPublicKeyTarget } from '../protocol/endpoints.ts';
import { parseDomain, parseKeyId, parseUserId } from '../protocol/ids.ts';
import { canonicalizeJson } from '../protocol/json.ts';
import { keyDocumentSigningInput } from '../protocol/key-document.ts';
import { formatSignatureHeader } from '../protocol/signature-header.ts';
import { formatTimestamp } from '../protocol/timestamp.ts';

const SEED_BYTES = 32;
const FIRST_BYTE_OF_ANSWERER = 0x20;
const NONCE = encodeBase64Url(Uint8Array.from({ length: 16 }, (_, index) => index));
const CREATED = 1_795_000_000;
/** RFC 8410: an Ed25519 private key in PKCS#8 is this and then the 32 bytes of its seed. */
const PKCS8_PREFIX = '302e020100300506032b657004220420';
const HEX_BYTES_PER_LINE = 16;
const KEY_DOCUMENT_SECONDS = 5 * 86_400;

const KEY_ID = parseDomain('a.test');
const DESTINATION = parseDomain('b.test');
const KID = parseKeyId('example-1');
const ANSWERER_KID = parseKeyId('example-2');

const MESSAGE = {
  conversationId: 'AAECAwQFBgcICQoLDA0ODw:a.test',
  senderId: 'alice@a.test',
  recipientServerDomain: 'b.test',
  payload: { nonce: 'AAAAAAAAAAAAAAAA', ciphertext: 'AA==', authTag: 'AAAAAAAAAAAAAAAAAAAAAA==', associatedData: {} },
  timestamp: formatTimestamp(new Date(CREATED * 1_000)),
};

/** Writes the worked example of docs/protocol.md from fixed keys, so that a reader can check each byte. */
export function renderWorkedExample(): string {
  const key = keyOfSeed(0);
  const get = { method: 'GET', target: userPublicKeyTarget(parseUserId('bob@b.test')), body: '' };
  const post = { method: 'POST', target: MESSAGES_TARGET, body: JSON.stringify(MESSAGE) };
  return [
    `\`a.test\` signs with kid \`${KID}\`, the key whose 32 secret bytes are 00 01 02 … 1f; its public key is`,
    `\`${publicKeyOf(key)}\`. \`created\` is ${CREATED} and the nonce is the 16 bytes 00 01 … 0f.`,
    '',
    '**A request without a body.** The canonical string ends without a line feed:',
    '',
    ...renderRequest(get, (text) => sign(null, Buffer.from(text), key)),
    '',
    'The same string as bytes:',
    '',
    ...fenced(hexDump(Buffer.from(canonicalOf(get)))),
    '',
    ...renderAnswer(),
    '',
    '**A request with a body.** These bytes, without a line feed at the end, are the body:',
    '',
    ...fenced(post.body),
    '',
    ...renderRequest(post, (text) => sign(null, Buffer.from(text), key)),
    '',
    `A body like this, without \`messageId\`, is known by the id that [ID-4] gives: \`${coreMessageId()}\`.`,
    '',
    ...renderKeyDocument(key),
  ].join('\n');
}

/** Makes the key whose secret bytes count upwards from `first`. */
function keyOfSeed(first: number): KeyObject {
  const seed = Uint8Array.from({ length: SEED_BYTES }, (_, index) => first + index);
  return createPrivateKey({ key: Buffer.concat([Buffer.from(PKCS8_PREFIX, 'hex'), seed]), format: 'der', type: 'pkcs8' });
}

function publicKeyOf(key: KeyObject): string {
  return encodeBase64(Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url'));
}

/** Shows how the first request is answered by a peer of the Full profile [SIG-8]. */
function renderAnswer(): readonly string[] {
  const key = keyOfSeed(FIRST_BYTE_OF_ANSWERER);
  const body = JSON.stringify({ publicKey: encodeBase64(new Uint8Array(SEED_BYTES).fill(9)) });
  const fields = { keyId: DESTINATION, kid: ANSWERER_KID, destination: KEY_ID, created: CREATED, nonce: NONCE };
  const canonical = canonicalResponse({ ...fields, status: 200, bodySha256: hash('sha256', body, 'base64') });
  const header = formatSignatureHeader({ ...fields, signature: sign(null, Buffer.from(canonical), key) });
  return [
    `**Its answer (Full).** \`b.test\` signs with kid \`${ANSWERER_KID}\`, the key whose secret bytes are 20 21 … 3f; its public key is`,
    `\`${publicKeyOf(key)}\`. Status 200, this body, this canonical string, this header:`,
    '',
    ...fenced(body),
    '',
    ...fenced(canonical),
    '',
    ...fenced(`X-Federation-Signature: ${header}`),
  ];
}

/** Shows the key document of the first domain with what its key signs [KEY-2]. */
function renderKeyDocument(key: KeyObject): readonly string[] {
  const publicKey = publicKeyOf(key);
  const validUntil = formatTimestamp(new Date((CREATED + KEY_DOCUMENT_SECONDS) * 1_000));
  const members = { domain: KEY_ID, publicKey, keys: [{ kid: KID, publicKey }], endpoints: [], protocolVersions: ['v1'], validUntil };
  const input = keyDocumentSigningInput(members, (text) => hash('sha256', text, 'base64'));
  const signatures = { [KID]: encodeBase64(sign(null, Buffer.from(input), key)) };
  return [
    '**A key document.** The JCS of every member but `signatures`, what the key signs, and the document:',
    '',
    ...fenced(canonicalizeJson(members)),
    '',
    ...fenced(input),
    '',
    ...fenced(JSON.stringify({ ...members, signatures }, null, 2)),
  ];
}

interface ExampleRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

function canonicalOf({ method, target, body }: ExampleRequest): string {
  const bodySha256 = hash('sha256', body, 'base64');
  return canonicalRequest({ method, target, keyId: KEY_ID, destination: DESTINATION, kid: KID, created: CREATED, nonce: NONCE, bodySha256 });
}

function renderRequest(request: ExampleRequest, signText: (text: string) => Uint8Array): readonly string[] {
  const canonical = canonicalOf(request);
  const header = formatSignatureHeader({ keyId: KEY_ID, kid: KID, destination: DESTINATION, created: CREATED, nonce: NONCE, signature: signText(canonical) });
  return [...fenced(canonical), '', 'and the header, on one line:', '', ...fenced(`X-Federation-Signature: ${header}`)];
}

function coreMessageId(): string {
  const { senderId, conversationId, payload } = MESSAGE;
  return hash('sha256', [senderId, conversationId, payload.nonce, payload.ciphertext].join('\n'), 'base64url');
}

function hexDump(bytes: Uint8Array): string {
  const lines = Math.ceil(bytes.length / HEX_BYTES_PER_LINE);
  return Array.from({ length: lines }, (_, line) => hexLine(bytes.subarray(line * HEX_BYTES_PER_LINE, (line + 1) * HEX_BYTES_PER_LINE))).join('\n');
}

function hexLine(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function fenced(text: string): readonly string[] {
  return ['```text', text, '```'];
}
