import { randomUUID, sign } from 'node:crypto';
import { KEY_DOCUMENT_PATH } from '../../../protocol/endpoints.ts';
import { canonicalizeJson } from '../../../protocol/json.ts';
import { sha256Base64 } from '../../support/foreign-signer.ts';
import type { ForeignKeys } from '../../support/foreign-signer.ts';
import type { FrontAnswer, FrontRequest, Serve } from './front-server.ts';

/** How a scripted server of a domain behaves; what is left out is as the text of the protocol says. */
export interface PeerScript {
  readonly domain: string;
  /** What signs, and is listed first. */
  readonly keys: ForeignKeys;
  readonly alsoListed?: readonly ForeignKeys[];
  readonly profile?: 'core' | 'full';
  /** How far the clock of this server is ahead. */
  readonly clockOffsetMs?: number;
  readonly validUntil?: Date;
  readonly signsAnswers?: boolean;
  /** What a signed request gets; `unknown_user` unless told otherwise. */
  readonly refusal?: { readonly status: number; readonly code: string };
}

const DAY_MS = 86_400_000;
const WINDOW_SECONDS = 300;
const CANONICAL = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~@:-]+)+$/;

/** Answers as a SecureChat server of the script would. */
export function scriptedPeer(script: PeerScript): Serve {
  return (request) => {
    const now = new Date(Date.now() + (script.clockOffsetMs ?? 0));
    const { status, headers, body } = answer(script, request, now);
    return { status, headers: { date: now.toUTCString(), ...headers }, body };
  };
}

function answer(script: PeerScript, { target, headers }: FrontRequest, now: Date): FrontAnswer {
  if (target === KEY_DOCUMENT_PATH) return { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'private, max-age=3540' }, body: keyDocument(script, now) };
  if (!CANONICAL.test(target)) return problem(400, 'bad_request_target');
  const header = headers['x-federation-signature'];
  if (typeof header !== 'string') return problem(401, 'signature_missing');
  const parameters = Object.fromEntries([...header.matchAll(/([A-Za-z]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  if (Math.abs(Math.floor(now.getTime() / 1_000) - Number(parameters['created'])) > WINDOW_SECONDS) {
    return problem(401, 'timestamp_out_of_window', { serverTime: now.toISOString() });
  }
  const { status, code } = script.refusal ?? { status: 404, code: 'unknown_user' };
  const refusal = problem(status, code);
  if (script.signsAnswers === false || script.profile !== 'full' || script.refusal !== undefined) return refusal;
  const signature = answerSignature(script, refusal, { destination: parameters['keyId'] ?? '', nonce: parameters['nonce'] ?? '', created: String(Math.floor(now.getTime() / 1_000)) });
  return { ...refusal, headers: { ...refusal.headers, 'x-federation-signature': signature } };
}

/** Writes a refusal in the form of the registry. */
function problem(status: number, code: string, more: object = {}): FrontAnswer {
  const body = { type: `urn:securechat:error:${code}`, title: code, status, detail: code, code, requestId: randomUUID(), ...more };
  return { status, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }, body: JSON.stringify(body) };
}

function keyDocument({ domain, keys, alsoListed = [], profile, validUntil }: PeerScript, now: Date): string {
  const listed = [keys, ...alsoListed];
  const members = {
    domain,
    publicKey: keys.publicKeyBase64,
    keys: listed.map(({ kid, publicKeyBase64 }) => ({ kid, publicKey: publicKeyBase64 })),
    protocolVersions: ['v1'],
    validUntil: (validUntil ?? new Date(now.getTime() + 5 * DAY_MS)).toISOString(),
    ...(profile !== undefined && { profile }),
  };
  const input = Buffer.from(`securechat-s2s-keys-v1\n${sha256Base64(canonicalizeJson(members))}`);
  const signatures = Object.fromEntries(listed.map(({ kid, privateKey }) => [kid, sign(null, input, privateKey).toString('base64')]));
  return JSON.stringify({ ...members, signatures });
}

function answerSignature({ domain, keys }: PeerScript, { status, body }: FrontAnswer, to: { readonly destination: string; readonly nonce: string; readonly created: string }): string {
  const { destination, nonce, created } = to;
  const lines = ['securechat-s2s-v1-response', String(status), domain, destination, keys.kid, created, nonce, sha256Base64(body)];
  const signature = sign(null, Buffer.from(lines.join('\n')), keys.privateKey).toString('base64');
  return Object.entries({ keyId: domain, kid: keys.kid, destination, created, nonce, signature }).map(([name, value]) => `${name}="${value}"`).join(',');
}
