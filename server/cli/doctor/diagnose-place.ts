import { MAX_ADDRESSES } from '../../federation/discovery/find-addresses.ts';
import { HTTPS_PORT } from '../../federation/discovery/peer-connector.ts';
import type { DialFacts, PlaceFacts } from './dial.ts';
import { byOperator, fail, ok, warn } from './finding.ts';
import type { Finding, Subject } from './finding.ts';

const TCP_FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection: nothing listens on that port',
  ETIMEDOUT: 'does not answer: a firewall drops what comes in, or the port is wrong',
  EHOSTUNREACH: 'cannot be reached from here',
  ENETUNREACH: 'cannot be reached from here',
};

/** Judges the addresses of a place, before anything is dialled. @see docs/protocol.md [DISC-3] [DISC-6] */
export function diagnoseAddresses(subject: Subject, { endpoint: { host }, lookup, dials }: PlaceFacts): Finding {
  if (lookup.kind === 'failure') {
    return fail('DISC-1', `DNS gives no address for ${host} (${lookup.reason === 'servfail' ? 'SERVFAIL' : lookup.reason})`, byOperator(subject, `check the zone of ${host}, or try another resolver in SECURECHAT_DNS_SERVERS`));
  }
  if (lookup.kind !== 'found') {
    return fail('DISC-1', `${host} has no address in DNS (${lookup.kind === 'nxdomain' ? 'NXDOMAIN' : 'no A or AAAA record'})`, byOperator(subject, `publish an A or AAAA record for ${host}, or a SRV record with another target`));
  }
  const all = listSome(dials.map(({ address }) => address));
  const refused = dials.filter(({ refusedRange }) => refusedRange !== null);
  const spare = dials.filter(({ refusedRange, tcp }) => refusedRange === null && tcp === null);
  if (refused.length === 0) {
    if (spare.length === 0) return ok('DISC-6', `${host} has ${all}`);
    return warn('DISC-6', `${host} has ${dials.length} addresses, of which a server tries ${MAX_ADDRESSES}: ${all}`, byOperator(subject, `keep ${MAX_ADDRESSES} at most`));
  }
  const ranges = listSome(refused.map(({ address, refusedRange }) => `${address} (${refusedRange})`));
  const fix = byOperator(subject, `give ${host} addresses that the whole internet reaches`);
  if (refused.length < dials.length) return warn('DISC-6', `${host} has ${all}; no server connects to ${ranges}`, fix);
  return fail('DISC-6', `${host} has only addresses that no server connects to: ${ranges}`, fix);
}

/** Judges whether something listens at a place. @see docs/protocol.md [DISC-2] */
export function diagnoseTcp(subject: Subject, { endpoint: { host, port }, dials }: PlaceFacts): Finding {
  const tried = dials.filter(({ tcp }) => tcp !== null);
  const failed = tried.filter(({ tcp }) => tcp?.kind === 'failed');
  if (failed.length === 0) return ok('DISC-2', `${host}:${port} takes connections`);
  const what = failed.map(describeTcp).join('; ');
  if (failed.length < tried.length) {
    return warn('DISC-2', `${host}:${port} takes connections, but not on every address: ${what}`, byOperator(subject, `let the listener serve every address of ${host}, or take the others out of DNS`));
  }
  const task = `correct the port: the SRV record has to name the port that the listener for servers really has (\`securechat dns --port\`), and the firewall to let it through`;
  return fail('DISC-2', `${host}:${port} cannot be connected to: ${what}`, byOperator(subject, port === HTTPS_PORT ? `let ${host} listen on port 443, and the firewall let it through` : task));
}

function listSome(texts: readonly string[]): string {
  const rest = texts.length - MAX_ADDRESSES;
  return rest > 0 ? `${texts.slice(0, MAX_ADDRESSES).join(', ')} and ${rest} more` : texts.join(', ');
}

function describeTcp({ address, port, tcp }: DialFacts): string {
  const code = tcp?.kind === 'failed' ? tcp.code : '';
  return `${address}:${port} ${TCP_FAULTS[code] ?? `fails (${code})`}`;
}
