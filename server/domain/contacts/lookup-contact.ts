import { ProtocolError } from '../../../protocol/errors.ts';
import { domainOf } from '../../../protocol/ids.ts';
import type { Domain, UserId } from '../../../protocol/ids.ts';
import type { PublicKeyAnswer } from '../../../protocol/schemas/public-key-answer.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { FederationPolicy } from '../peers/federation-policy.ts';

/** What looking a person up came to; `domain` names the side that decides. */
export type ContactLookup =
  | { readonly kind: 'found'; readonly identity: PublicKeyAnswer }
  | {
      readonly kind: 'no_such_server' | 'server_silent' | 'no_such_user' | 'user_gone' | 'blocked' | 'refused';
      readonly domain: Domain;
    };

/** What another server says of one of its users. */
export type RemoteIdentity =
  | { readonly kind: 'found'; readonly identity: PublicKeyAnswer }
  | { readonly kind: 'no_such_server' | 'server_silent' | 'no_such_user' | 'user_gone' | 'refused' };

/** Creates the verb that finds a person's public keys, here or at their own server. @see docs/protocol.md [API-1] */
export function createContactLookup(options: {
  readonly localDomain: Domain;
  readonly accounts: Pick<Accounts, 'publicIdentity'>;
  readonly policy: FederationPolicy;
  readonly fetchRemoteIdentity: (userId: UserId) => Promise<RemoteIdentity>;
}): (userId: UserId) => Promise<ContactLookup> {
  return async (userId) => {
    const domain = domainOf(userId);
    if (domain === options.localDomain) return findLocal(options.accounts, userId, domain);
    if (await options.policy.isBlocked(domain)) return { kind: 'blocked', domain };
    const answer = await options.fetchRemoteIdentity(userId);
    return answer.kind === 'found' ? answer : { kind: answer.kind, domain };
  };
}

async function findLocal(accounts: Pick<Accounts, 'publicIdentity'>, userId: UserId, domain: Domain): Promise<ContactLookup> {
  try {
    return { kind: 'found', identity: await accounts.publicIdentity(userId) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { kind: error.code === 'user_gone' ? 'user_gone' : 'no_such_user', domain };
  }
}
