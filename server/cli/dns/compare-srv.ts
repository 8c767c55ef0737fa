import { srvName } from '../../../protocol/key-txt.ts';
import type { DnsAnswer } from '../../federation/discovery/dns-client.ts';
import type { SrvRecord } from '../../federation/discovery/dns-message.ts';
import type { Difference } from './difference.ts';
import { expectedRecords, formatRecord } from './expected-records.ts';
import type { Publication } from './expected-records.ts';

/** Finds how the SRV records in DNS differ from the one to publish; priority and weight are the operator's. @see docs/protocol.md [DISC-1] [DISC-2] */
export function compareSrv(publication: Publication, answer: DnsAnswer<'SRV'>): readonly Difference[] {
  const name = srvName(publication.domain);
  const line = expectedRecords(publication).slice(0, 1).map(formatRecord).join('');
  if (answer.kind === 'failure') {
    return [{ record: 'SRV', problem: 'unavailable', clause: 'DISC-1', detail: `DNS gives no answer for ${name} (${answer.reason})`, fix: 'Check the zone, or ask another resolver by SECURECHAT_DNS_SERVERS' }];
  }
  if (answer.kind !== 'records') return [{ record: 'SRV', problem: 'missing', clause: 'DISC-1', detail: `there is no SRV record at ${name}`, fix: `Publish ${line}` }];
  const others = answer.records.filter((record) => !isExpected(record, publication));
  const isThere = others.length < answer.records.length;
  return others.map((record) => (isThere ? describeExtra(name, record) : describeWrong(publication, record, line)));
}

function isExpected({ target, port }: SrvRecord, expected: Publication): boolean {
  return target === expected.target && port === expected.port;
}

function describeExtra(name: string, record: SrvRecord): Difference {
  return { record: 'SRV', problem: 'extra', clause: 'DISC-2', detail: `another SRV record at ${name} leads to ${placeOf(record)}`, fix: 'Remove it, unless a listener of this instance is there too (then check it with `securechat doctor`)' };
}

function describeWrong({ domain, target, port }: Publication, record: SrvRecord, line: string): Difference {
  const wrong = [...(record.target === target ? [] : ['target']), ...(record.port === port ? [] : ['port'])].join(' and ');
  return {
    record: 'SRV',
    problem: record.target === target ? 'wrong_port' : 'wrong_target',
    clause: 'DISC-1',
    detail: `wrong ${wrong}: ${srvName(domain)} leads to ${placeOf(record)}, not to ${target}:${port}`,
    fix: `Replace it by ${line} (or name the right place with --target and --port)`,
  };
}

function placeOf({ target, port }: SrvRecord): string {
  return target === '.' ? '"." (no federation)' : `${target}:${port}`;
}
