import { hash } from 'node:crypto';
import { canonicalRequest } from '../../../protocol/canonical-string.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { CREATED_WINDOW_SECONDS, EXCHANGE_TIMEOUT_MS, KEY_FETCH_INTERVAL_SECONDS } from '../../../protocol/limits.ts';
import { parseSignatureHeader, SIGNATURE_HEADER, SignatureHeaderError } from '../../../protocol/signature-header.ts';
import type { FederationSignature } from '../../../protocol/signature-header.ts';
import { formatTimestamp } from '../../../protocol/timestamp.ts';
import type { Clock } from '../../domain/ports.ts';
import type { PeerKeyAnswer, PeerKeys } from '../keys/peer-keys.ts';
import type { StrictEd25519 } from '../keys/strict-ed25519.ts';
import { headerValues } from './federation-exchange.ts';
import type { FederationRequest } from './federation-exchange.ts';
import type { RateLimits } from './rate-limits.ts';

/** When the fetch that too many wait for is over for certain. */
const LONGEST_FETCH_SECONDS = EXCHANGE_TIMEOUT_MS / 1_000;

/** What decides whether a request is authentic. */
export interface AuthenticationOptions {
  /** The domains that this server is. */
  readonly servedDomains: ReadonlySet<Domain>;
  /** Tells whether local policy refuses to federate with a domain. */
  readonly isBlocked: (domain: Domain) => Promise<boolean>;
  readonly peerKeys: PeerKeys;
  readonly ed25519: StrictEd25519;
  readonly rateLimits: RateLimits;
  readonly clock: Clock;
}

/** A request whose header is read and whose body is whole. */
interface SignedRequest {
  readonly request: FederationRequest;
  readonly body: Uint8Array;
  readonly signature: FederationSignature;
}

/**
 * Reads the one signature header of a request; throws {@link ProtocolError} `signature_missing` or
 * `signature_malformed`. Nobody but this server signs as a domain served here.
 * @see docs/protocol.md [SIG-1] [SIG-6]
 */
export function readSignature(headers: FederationRequest['headers'], servedDomains: ReadonlySet<Domain>): FederationSignature {
  const [value, ...more] = headerValues(headers, SIGNATURE_HEADER);
  if (value === undefined) throw new ProtocolError('signature_missing');
  if (more.length > 0) throw new ProtocolError('signature_malformed');
  const signature = parseValue(value);
  if (servedDomains.has(signature.keyId)) throw new ProtocolError('signature_malformed');
  return signature;
}

/**
 * Decides whether a request is authentic, in the order of the text: policy, destination, created, key, signature.
 * That it comes for the first time is for its nonce to say. Throws {@link ProtocolError} otherwise, `unavailable` where
 * a part that has to be asked cannot answer.
 * @see docs/protocol.md [ERR-3] [SIG-2] [SIG-4] [SIG-6]
 */
export async function authenticateRequest(signed: SignedRequest, options: AuthenticationOptions): Promise<void> {
  const { keyId, destination, created } = signed.signature;
  if (await answerOrUnavailable(options.isBlocked(keyId))) throw new ProtocolError('domain_blocked');
  if (!options.servedDomains.has(destination)) throw new ProtocolError('misdirected');
  checkCreated(created, options.clock);
  await checkSignature(signed, options);
}

function parseValue(value: string): FederationSignature {
  try {
    return parseSignatureHeader(value);
  } catch (cause) {
    if (cause instanceof SignatureHeaderError) throw new ProtocolError('signature_malformed', { cause });
    throw cause;
  }
}

function checkCreated(created: number, clock: Clock): void {
  const now = clock.now();
  if (Math.abs(Math.floor(now.getTime() / 1_000) - created) <= CREATED_WINDOW_SECONDS) return;
  throw new ProtocolError('timestamp_out_of_window', { serverTime: formatTimestamp(now) });
}

async function checkSignature({ request, body, signature }: SignedRequest, options: AuthenticationOptions): Promise<void> {
  const { keyId, kid } = signature;
  const { method, rawTarget: target, sourceAddress } = request;
  const message = Buffer.from(canonicalRequest({ ...signature, method, target, bodySha256: hash('sha256', body, 'base64') }));
  const isSignedBy = (publicKey: Uint8Array): boolean =>
    options.ed25519.verify({ publicKey, message, signature: signature.signature });

  let retryAfterSeconds: number | null = null;
  const mayFetch = (): boolean => {
    retryAfterSeconds = options.rateLimits.takeKeyFetch(sourceAddress);
    return retryAfterSeconds === null;
  };
  const found = await answerOrUnavailable(options.peerKeys.findKey(keyId, kid, { mayFetch, isStranger: true }));
  if (isSignedBy(requireKey(found, retryAfterSeconds))) return;
  // The key may have been replaced under its name: a document fetched now decides.
  const refetched = await answerOrUnavailable(options.peerKeys.refetchAfterFailure(keyId, kid, { isStranger: true }));
  if (!isSignedBy(requireKey(refetched, null))) throw new ProtocolError('signature_invalid');
}

/** Gives the key, or throws what its absence means on the wire. @see docs/protocol.md [KEY-3] [KEY-5] [API-10] */
function requireKey(answer: PeerKeyAnswer, retryAfterSeconds: number | null): Uint8Array {
  switch (answer.kind) {
    case 'key':
      return answer.publicKey;
    case 'unknown_key':
      throw new ProtocolError('unknown_key');
    case 'unavailable':
      throw new ProtocolError('key_unavailable', { retryAfterSeconds: KEY_FETCH_INTERVAL_SECONDS });
    case 'rate_limited':
      throw new ProtocolError('rate_limited', { retryAfterSeconds: retryAfterSeconds ?? LONGEST_FETCH_SECONDS });
  }
}

/** Denies where the answer cannot be had: nothing before authentication may end as an internal error [KEY-3]. */
async function answerOrUnavailable<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (cause) {
    throw new ProtocolError('unavailable', { cause });
  }
}
