import type { Domain } from '../../../protocol/ids.ts';
import type { Config } from '../../config/read-config.ts';
import type { PeerPolicy } from '../../domain/ports.ts';
import { fail, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** Whom this instance federates with, as far as its settings say. */
export type PolicySettings = Pick<Config, 'SECURECHAT_FEDERATION' | 'SECURECHAT_ALLOW' | 'SECURECHAT_BLOCK'>;

/**
 * Judges whether we ourselves let us talk with a domain: by the settings, and by what the operator said of it with
 * `peers block` and `peers allow` (null: the database could not be looked at).
 * @see docs/protocol.md [ERR-3]
 */
export function diagnosePolicy(domain: Domain, settings: PolicySettings, stored: PeerPolicy | null): Finding {
  return findBlock(domain, settings, stored) ?? judgeStored(domain, settings, stored);
}

function findBlock(domain: Domain, { SECURECHAT_FEDERATION: mode, SECURECHAT_BLOCK: block }: PolicySettings, stored: PeerPolicy | null): Finding | null {
  if (block.includes(domain)) return fail('ERR-3', `this instance blocks ${domain} (SECURECHAT_BLOCK)`, 'Take the domain out of SECURECHAT_BLOCK');
  if (mode === 'closed') return fail('ERR-3', 'this instance federates with nobody (SECURECHAT_FEDERATION=closed)', 'Set SECURECHAT_FEDERATION to open or allowlist');
  if (stored === 'blocked') return fail('ERR-3', `this instance blocks ${domain} (\`securechat peers block\`)`, `Run \`securechat peers allow ${domain}\``);
  return null;
}

function judgeStored(domain: Domain, { SECURECHAT_FEDERATION: mode, SECURECHAT_ALLOW: allow }: PolicySettings, stored: PeerPolicy | null): Finding {
  const needsAllowing = mode === 'allowlist' && !allow.includes(domain);
  if (stored === null) {
    const settings = needsAllowing ? `${domain} is not in SECURECHAT_ALLOW` : `the settings of this instance let it talk with ${domain}`;
    const what = needsAllowing ? '`securechat peers allow` lets it in' : '`securechat peers block` shuts it out';
    return warn('ERR-3', `${settings}; whether ${what} was not looked at, because the database does not answer`, 'Run this while the instance runs, with its SECURECHAT_DATA_DIR or DATABASE_URL');
  }
  if (needsAllowing && stored !== 'allowed') {
    return fail('ERR-3', `this instance talks only with domains that are allowed (SECURECHAT_FEDERATION=allowlist), and ${domain} is not`, `Run \`securechat peers allow ${domain}\``);
  }
  return ok('ERR-3', `this instance lets itself talk with ${domain}`);
}
