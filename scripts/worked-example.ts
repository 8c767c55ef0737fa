import { createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';
import { encodeBase64, encodeBase64Url } from '../protocol/base64.ts';
import { canonicalRequest } from '../protocol/canonical-string.ts';
import { MESSAGES_TARGET, userPublicKeyTarget } from '../protocol/endpoints.ts';
import { parseDomain, parseKeyId, parseUserId } from '../protocol/ids.ts';
import { formatSignatureHeader } from '../protocol/signature-header.ts';
import { formatTimestamp } from '../protocol/timestamp.ts';

const SEED = Uint8Array.from({ length: 32 }, (_, index) => index);
const NONCE = encodeBase64Url(Uint8Array.from({ length: 16 }, (_, index) => index));
const CREATED = 1_795_000_000;
/** RFC 8410: an Ed25519 private key in PKCS#8 is this and then the 32 bytes of its seed. */
const PKCS8_PREFIX = '302e020100300506032b657004220420';
const HEX_BYTES_PER_LINE = 16;

const KEY_ID = parseDomain('a.test');
const DESTINATION = parseDomain('b.test');
const KID = parseKeyId('example-1');

const MESSAGE = {
  conversationId: 'AAECAwQFBgcICQoLDA0ODw:a.test',
  senderId: 'alice@a.test',
  recipientServerDomain: 'b.test',
  payload: { nonce: 'AAAAAAAAAAAAAAAA', ciphertext: 'AA==', authTag: 'AAAAAAAAAAAAAAAAAAAAAA==', associatedData: {} },
  timestamp: formatTimestamp(new Date(CREATED * 1_000)),
};

/** Writes the worked example of docs/protocol.md from fixed keys, so that a reader can check each byte. */
export function renderWorkedExample(): string {
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from(PKCS8_PREFIX, 'hex'), SEED]), format: 'der', type: 'pkcs8' });
  const publicKey = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
  const get = { method: 'GET', target: userPublicKeyTarget(parseUserId('bob@b.test')), body: '' };
  const post = { method: 'POST', target: MESSAGES_TARGET, body: JSON.stringify(MESSAGE) };
  return [
    `\`a.test\` signs with kid \`${KID}\`, the key whose 32 secret bytes are 00 01 02 … 1f; its public key is`,
    `\`${encodeBase64(publicKey)}\`. \`created\` is ${CREATED} and the nonce is the 16 bytes 00 01 … 0f.`,
    '',
    '**A request without a body.** The canonical string ends without a line feed:',
    '',
    ...renderRequest(get, (text) => sign(null, Buffer.from(text), key)),
    '',
    'The same string as bytes:',
    '',
    ...fenced(hexDump(Buffer.from(canonicalOf(get)))),
    '',
    '**A request with a body.** These bytes, without a line feed at the end, are the body:',
    '',
    ...fenced(post.body),
    '',
    ...renderRequest(post, (text) => sign(null, Buffer.from(text), key)),
    '',
    `A body like this, without \`messageId\`, is known by the id that [ID-4] gives: \`${coreMessageId()}\`.`,
  ].join('\n');
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
