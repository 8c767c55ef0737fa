import { decodeBase64 } from '../../../protocol/base64.ts';
import { userPublicKeyTarget } from '../../../protocol/endpoints.ts';
import { domainOf } from '../../../protocol/ids.ts';
import type { UserId } from '../../../protocol/ids.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import type { PeerEndpoint } from '../../federation/discovery/peer-connector.ts';
import type { PeerKeys } from '../../federation/keys/peer-keys.ts';
import { createAuthenticateAnswer } from '../../federation/outbound/authenticate-answer.ts';
import type { AuthenticateAnswer } from '../../federation/outbound/authenticate-answer.ts';
import { createSendSigned } from '../../federation/outbound/send-signed.ts';
import type { TimedOutcome } from './ask.ts';
import type { Doctor } from './examination.ts';

/** A signed request and what came of it; `proof` is null where there is no answer or no key to check it with. */
export interface SignedFacts extends TimedOutcome {
  readonly proof: Awaited<ReturnType<AuthenticateAnswer>> | null;
}

interface SignedProbe {
  readonly endpoint: PeerEndpoint;
  readonly userId: UserId;
  readonly document: KeyDocument | null;
}

/**
 * Asks a peer for the key of a user who does not exist: it has to verify our signature, and nothing but a nonce is
 * spent. Its answer is checked with the keys of its document.
 * @see docs/protocol.md [SIG-2] [SIG-9] [API-1]
 */
export async function probeSigned({ network, clock, ownKeys, randomBytes, ed25519 }: Doctor, { endpoint, userId, document }: SignedProbe): Promise<SignedFacts> {
  const send = createSendSigned({ guardedRequest: network.guardedRequest, ownKeys, clock, randomBytes });
  const peer = domainOf(userId);
  const sentAt = clock.now();
  const { received: outcome, nonce } = await send(endpoint, { destination: peer, method: 'GET', target: userPublicKeyTarget(userId), body: null });
  const receivedAt = clock.now();
  if (document === null || outcome.kind !== 'answer') return { outcome, sentAt, receivedAt, proof: null };
  const authenticate = createAuthenticateAnswer({ ownKeys, peerKeys: keysOf(document), ed25519, clock });
  return { outcome, sentAt, receivedAt, proof: await authenticate(outcome, { peer, nonce }) };
}

/** The document was fetched a moment ago, so that there is nothing newer to be had [KEY-5]. */
function keysOf({ keys }: KeyDocument): Pick<PeerKeys, 'findKey' | 'refetchAfterFailure'> {
  const find: PeerKeys['refetchAfterFailure'] = async (_domain, kid) => {
    const key = keys.find((listed) => listed.kid === kid);
    return key === undefined ? { kind: 'unknown_key' } : { kind: 'key', publicKey: decodeBase64(key.publicKey), stale: false };
  };
  return { findKey: find, refetchAfterFailure: find };
}
