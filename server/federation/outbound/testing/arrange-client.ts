import { generateKeyPairSync, sign } from 'node:crypto';

import pino from 'pino';

import { problemDocument, ProtocolError } from '../../../../protocol/errors.ts';
import type { ErrorCode } from '../../../../protocol/errors.ts';
import { parseDomain, parseKeyId } from '../../../../protocol/ids.ts';
import { parseSignatureHeader } from '../../../../protocol/signature-header.ts';
import type { GuardedAnswer, GuardedRequestInput } from '../../discovery/guarded-request.ts';
import type { PeerResolution } from '../../discovery/resolve-peer.ts';
import type { PeerDescription } from '../../keys/peer-description.ts';
import { createStrictEd25519 } from '../../keys/strict-ed25519.ts';
import { createPeerClient } from '../peer-client.ts';
import type { PeerRequest } from '../peer-client.ts';
import type { RequestSigner } from '../sign-request.ts';
import { createMemoryPeerKeys, knownPeer } from './memory-peer-keys.ts';
import type { SigningPeer } from './signing-peer.ts';

/** Is the domain of the client. */
export const A = parseDomain('a.test');
/** Is the domain that it calls. */
export const B = parseDomain('b.test');
/** Is what its clock says: 1 777 629 600 and 0.9 s. */
export const NOW = new Date('2026-05-01T10:00:00.900Z');
/** Is a request as the worker makes it. */
export const MESSAGE: PeerRequest = { destination: B, method: 'POST', target: '/federation/v1/messages', body: '{"é":1}' };
/** Is a peer with two places. */
const TWO_TARGETS: PeerResolution = {
  kind: 'targets',
  targets: [
    { host: 'one.b.test', port: 1, serverName: 'b.test' },
    { host: 'two.b.test', port: 2, serverName: 'b.test' },
  ],
};

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signingKey = { kid: parseKeyId('k1'), publicKey: '', sign: (input: string) => sign(null, Buffer.from(input), privateKey).toString('base64') };

/** Is the key under which the client's requests verify. */
export const ownPublicKey = publicKey;
/** Is how the client signs. */
export const ownKeys: RequestSigner = { domain: A, current: () => signingKey };

/** What the network says to one request. */
export type NetworkAnswer = GuardedAnswer | ((request: GuardedRequestInput) => GuardedAnswer);

/** Builds an answer with a JSON body. */
export function answered(status: number, json: unknown, headers: Record<string, string> = {}): GuardedAnswer {
  return { kind: 'answer', status, headers, body: Buffer.from(JSON.stringify(json)) };
}

/** Builds an error as a peer gives it, its status by the registry unless another is given. */
export function problem(code: ErrorCode, headers: Record<string, string> = {}, status?: number): GuardedAnswer {
  const document = problemDocument(new ProtocolError(code), '0123456789abcdef');
  return answered(status ?? Number(document['status']), document, { 'content-type': 'application/problem+json; charset=utf-8', ...headers });
}

/** Lets a peer sign what it answers, to the request that it answers. */
export function signedBy(peer: SigningPeer, answer: GuardedAnswer): NetworkAnswer {
  return (request) => {
    if (answer.kind !== 'answer') return answer;
    const { nonce, created } = signatureOf(request);
    const value = peer.signAnswer({ keyId: B, destination: A, created, nonce, status: answer.status, body: answer.body });
    return { ...answer, headers: { ...answer.headers, 'x-federation-signature': value } };
  };
}

/** Reads the signature of a request that was sent. */
export function signatureOf(request: GuardedRequestInput | undefined) {
  return parseSignatureHeader(request?.headers['x-federation-signature'] ?? '');
}

interface Surroundings {
  readonly resolution?: PeerResolution;
  readonly description?: PeerDescription;
  readonly keys?: readonly SigningPeer[];
}

/** Arranges a client whose network gives the answers in order, the last one for ever; the peer speaks Core unless told. */
export function arrangeClient(answers: readonly [NetworkAnswer, ...NetworkAnswer[]], surroundings: Surroundings = {}) {
  const { resolution = TWO_TARGETS, description = knownPeer('core'), keys = [] } = surroundings;
  const sent: GuardedRequestInput[] = [];
  const forgotten: string[] = [];
  let nonces = 0;
  const { peerKeys, asked } = createMemoryPeerKeys({ description, keys });
  const client = createPeerClient({
    resolver: { resolve: async () => resolution, forget: (domain) => void forgotten.push(domain) },
    peerKeys,
    ed25519: createStrictEd25519(),
    guardedRequest: async (request) => {
      sent.push(request);
      const answer = answers[sent.length - 1] ?? answers[answers.length - 1] ?? answers[0];
      return typeof answer === 'function' ? answer(request) : answer;
    },
    ownKeys,
    clock: { now: () => NOW },
    randomBytes: (length) => new Uint8Array(length).fill(++nonces),
    logger: pino({ enabled: false }),
  });
  return { client, sent, forgotten, asked };
}
