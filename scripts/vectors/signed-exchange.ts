import { CREATED, ed25519Key, lines, sha256B64, signB64 } from './fixed.ts';
import type { TestKey } from './fixed.ts';

/** The federation keys of the cases: those of the worked example of docs/protocol.md, 00 to 1f and 20 to 3f, and others. */
export const SERVER_KEYS = {
  'a.test example-1': ed25519Key('', countedBytes(0)),
  'a.test other-1': ed25519Key('a.test other-1'),
  'b.test example-2': ed25519Key('', countedBytes(32)),
  'c.test example-1': ed25519Key('c.test example-1'),
} as const;

/** The nonce of the worked example: the bytes 00 to 0f. */
export const NONCE = 'AAECAwQFBgcICQoLDA0ODw';

/** What a signature covers beside the first lines; `created` in Unix seconds. */
export interface SignedParameters {
  readonly keyId: string;
  readonly destination: string;
  readonly kid: string;
  readonly created: number;
  readonly nonce: string;
}

/** Is what a.test signs with towards b.test. */
export const FROM_A: SignedParameters = { keyId: 'a.test', destination: 'b.test', kid: 'example-1', created: CREATED, nonce: NONCE };

/** Joins the lines of a request by hand. @see docs/protocol.md [SIG-2] */
export function requestLines(request: { readonly method: string; readonly target: string; readonly body: Uint8Array }, signed: SignedParameters): string {
  const { keyId, destination, kid, created, nonce } = signed;
  return lines('securechat-s2s-v1', request.method, request.target, keyId, destination, kid, created, nonce, sha256B64(request.body));
}

/** Joins the lines of an answer by hand. @see docs/protocol.md [SIG-8] */
export function answerLines(answer: { readonly status: number; readonly body: Uint8Array }, signed: SignedParameters): string {
  const { keyId, destination, kid, created, nonce } = signed;
  return lines('securechat-s2s-v1-response', answer.status, keyId, destination, kid, created, nonce, sha256B64(answer.body));
}

/** Writes the header in the order in which the text has it. @see docs/protocol.md [SIG-1] */
export function headerOf(signed: SignedParameters, signature: string): string {
  const { keyId, kid, destination, created, nonce } = signed;
  const ten = String(created).padStart(10, '0');
  return `keyId="${keyId}",kid="${kid}",destination="${destination}",created="${ten}",nonce="${nonce}",signature="${signature}"`;
}

/** Signs a text as it is and writes the header. */
export function headerOver(text: string, signed: SignedParameters, key: TestKey): string {
  return headerOf(signed, signB64(key, text));
}

function countedBytes(first: number): Buffer {
  return Buffer.from(Array.from({ length: 32 }, (_, index) => first + index));
}
