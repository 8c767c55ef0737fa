import { userPublicKeyTarget } from '../../../protocol/endpoints.ts';
import { ERROR_REGISTRY } from '../../../protocol/errors.ts';
import { domainOf } from '../../../protocol/ids.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { publicKeyAnswer } from '../../../protocol/schemas/public-key-answer.ts';
import type { RemoteIdentity } from '../../domain/contacts/lookup-contact.ts';
import type { Clock } from '../../domain/ports.ts';
import { createExpiringCache } from '../discovery/expiring-cache.ts';
import { createSingleFlight } from '../discovery/single-flight.ts';
import type { PeerAnswer } from './peer-answer.ts';
import type { PeerClient } from './peer-client.ts';

/** Fetches the public identity of a user of another domain. */
type FetchRemoteIdentity = (userId: UserId) => Promise<RemoteIdentity>;

const FOUND_MS = 60_000;
const MAX_USERS = 10_000;

/**
 * Creates the lookup of other servers' users. What was found is remembered for 60 s, failures never are: the person
 * may register, or the server come back, a moment later. Lookups at the same time share one request.
 * @see docs/protocol.md [API-1]
 */
export function createFetchRemoteIdentity({ peerClient, clock }: { peerClient: Pick<PeerClient, 'send'>; clock: Clock }): FetchRemoteIdentity {
  const found = createExpiringCache<UserId, RemoteIdentity>({ clock, maxEntries: MAX_USERS });
  const shareRequest = createSingleFlight<RemoteIdentity>();
  return async (userId) => {
    const known = found.get(userId);
    if (known !== undefined) return known;
    return shareRequest(userId, async () => {
      const answer = await peerClient.send({ destination: domainOf(userId), method: 'GET', target: userPublicKeyTarget(userId) });
      const outcome = readOutcome(answer, userId);
      if (outcome.kind === 'found') found.set(userId, outcome, FOUND_MS);
      return outcome;
    });
  };
}

function readOutcome(answer: PeerAnswer, userId: UserId): RemoteIdentity {
  switch (answer.kind) {
    case 'success': {
      const read = publicKeyAnswer.safeParse(answer.json);
      const isAboutThem = read.success && (read.data.userId ?? userId) === userId;
      return isAboutThem ? { kind: 'found', identity: read.data } : { kind: 'server_silent' };
    }
    case 'refused':
      return readRefusal(answer);
    case 'unreachable': {
      const isNoServer = answer.reason === 'no_such_domain' || answer.reason === 'peer_does_not_federate';
      return { kind: isNoServer ? 'no_such_server' : 'server_silent' };
    }
  }
}

function readRefusal({ code, permanent }: PeerAnswer & { readonly kind: 'refused' }): RemoteIdentity {
  if (code === null) return { kind: 'server_silent' };
  if (code === 'unknown_user') return { kind: 'no_such_user' };
  if (code === 'user_gone') return { kind: 'user_gone' };
  return { kind: permanent || ERROR_REGISTRY[code].class === 'operator' ? 'refused' : 'server_silent' };
}
