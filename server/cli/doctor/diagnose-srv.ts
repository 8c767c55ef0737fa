import { srvName } from '../../../protocol/key-txt.ts';
import type { DnsAnswer } from '../../federation/discovery/dns-client.ts';
import type { SrvRecord } from '../../federation/discovery/dns-message.ts';
import { HTTPS_PORT } from '../../federation/discovery/peer-connector.ts';
import { declinesFederation, isUsableSrv, MAX_TARGETS } from '../../federation/discovery/srv-selection.ts';
import { byOperator, fail, ok, warn } from './finding.ts';
import type { Finding, Subject } from './finding.ts';

/** What DNS says of where a domain's server is: its SRV records, and its own address, without which it does not exist. */
export interface SrvFacts {
  readonly srv: DnsAnswer<'SRV'>;
  readonly domain: DnsAnswer<'A'>;
}

const NOT_HERE = '.';

/** Judges the SRV records of a domain. @see docs/protocol.md [DISC-1] [DISC-2] [DISC-3] */
export function diagnoseSrv(subject: Subject, { srv, domain }: SrvFacts): Finding {
  const name = srvName(subject.domain);
  switch (srv.kind) {
    case 'records':
      return diagnoseRecords(subject, name, srv);
    case 'failure':
      return diagnoseFailure(subject, name, srv.reason);
    case 'nxdomain':
    case 'nodata':
      if (domain.kind === 'nxdomain') {
        const task = `publish the records that \`securechat dns\` prints and an address for ${subject.domain}`;
        return fail('DISC-1', `${subject.domain} does not exist in DNS (NXDOMAIN)`, `Check the spelling of the domain. If it is right: ${byOperator(subject, task)}`);
      }
      return ok('DISC-1', `no SRV record at ${name}: peers go by the key document, else to ${subject.domain}:${HTTPS_PORT}`);
  }
}

function diagnoseRecords(subject: Subject, name: string, srv: Extract<DnsAnswer<'SRV'>, { kind: 'records' }>): Finding {
  const { records, ttlSeconds } = srv;
  const publish = byOperator(subject, 'publish the SRV record that `securechat dns` prints');
  if (declinesFederation(records)) {
    return fail('DISC-2', `the SRV record at ${name} has the target ".": ${subject.domain} says that it does not federate`, `${publish} instead`);
  }
  const usable = records.filter(isUsableSrv);
  if (usable.length === 0) return fail('DISC-2', `no SRV record at ${name} has a usable target and port: ${records.map(describe).join(', ')}`, publish);
  const places = usable.map(({ target, port }) => `${target}:${port}`).join(', ');
  const unusable = records.filter((record) => !isUsableSrv(record));
  if (unusable.length > 0) {
    return warn('DISC-2', `${name} leads to ${places}; ignored: ${unusable.map(describe).join(', ')}`, byOperator(subject, 'remove the records that nobody can use'));
  }
  if (usable.length > MAX_TARGETS) {
    return warn('DISC-2', `${name} has ${usable.length} targets, and peers try ${MAX_TARGETS} of them`, byOperator(subject, `keep ${MAX_TARGETS} at most`));
  }
  if (ttlSeconds === 0) {
    return warn('DISC-3', `${name} leads to ${places} with a TTL of 0, so that every delivery asks DNS again`, byOperator(subject, 'set a TTL such as 3600'));
  }
  return ok('DISC-1', `${name} leads to ${places}`);
}

function diagnoseFailure(subject: Subject, name: string, reason: string): Finding {
  if (reason === 'cname_loop') {
    return fail('DISC-2', `the CNAME chain of ${name} is a loop or longer than 8`, byOperator(subject, `put the SRV record at ${name} itself`));
  }
  const what = reason === 'servfail' ? 'SERVFAIL' : reason;
  const task = `check the zone: delegation, name servers, DNSSEC signatures (${reason === 'servfail' ? 'expired ones give SERVFAIL' : 'or the resolver does not answer'})`;
  return fail('DISC-1', `DNS gives no answer for ${name} (${what})`, `Try another resolver in SECURECHAT_DNS_SERVERS; if it says the same: ${byOperator(subject, task)}`);
}

function describe({ priority, weight, port, target }: SrvRecord): string {
  return `"${priority} ${weight} ${port} ${target === NOT_HERE ? NOT_HERE : `${target}.`}"`;
}
