import type { Domain } from '../../../protocol/ids.ts';
import type { PeerStore } from '../ports.ts';

export type FederationMode = 'open' | 'allowlist' | 'closed';

export interface FederationPolicy {
  /** Tells whether nothing may be exchanged with a domain, in either direction. */
  isBlocked(domain: Domain): Promise<boolean>;
}

/**
 * Creates the policy from the configuration and the operator's words kept per peer: a block wins over everything,
 * `closed` blocks all, `allowlist` all but the listed ones.
 */
export function createFederationPolicy(options: {
  readonly mode: FederationMode;
  readonly allow: ReadonlySet<Domain>;
  readonly block: ReadonlySet<Domain>;
  readonly peers: Pick<PeerStore, 'find'>;
}): FederationPolicy {
  return {
    async isBlocked(domain) {
      if (options.mode === 'closed' || options.block.has(domain)) return true;
      const policy = (await options.peers.find(domain))?.policy ?? 'default';
      if (policy === 'blocked') return true;
      return options.mode === 'allowlist' && policy !== 'allowed' && !options.allow.has(domain);
    },
  };
}
