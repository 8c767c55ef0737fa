import { ProtocolError } from '../../../../protocol/errors.ts';
import { domainOf, IdentifierError, parseUserId } from '../../../../protocol/ids.ts';
import type { UserId } from '../../../../protocol/ids.ts';
import type { FederationVerbs, Route } from './route.ts';

/** Creates `GET /users/{userId}/public_key`. @see docs/protocol.md [API-1] */
export function createPublicKeyRoute(verbs: FederationVerbs): Route {
  return {
    name: 'public_key',
    method: 'GET',
    path: ['users', null, 'public_key'],
    async answer({ parameters: [userIdText = ''], destination }) {
      const userId = readUserId(userIdText);
      if (domainOf(userId) !== destination) throw new ProtocolError('misdirected');
      return { status: 200, body: await verbs.findPublicIdentity(userId) };
    },
  };
}

function readUserId(text: string): UserId {
  try {
    return parseUserId(text);
  } catch (cause) {
    if (cause instanceof IdentifierError) throw new ProtocolError('invalid_body', { cause });
    throw cause;
  }
}
