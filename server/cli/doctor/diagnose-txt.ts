import type { KeyDocument } from '../../../protocol/key-document.ts';
import { keyTxtName } from '../../../protocol/key-txt.ts';
import type { KeyTxt } from '../../../protocol/key-txt.ts';
import type { DnsAnswer } from '../../federation/discovery/dns-client.ts';
import { compareTxt } from './compare-txt.ts';
import { byOperator, fail, ok, warn } from './finding.ts';
import type { Finding, Subject } from './finding.ts';

/** Judges the keys in DNS against those of the key document. @see docs/protocol.md [KEY-4] */
export function diagnoseTxt(subject: Subject, txt: DnsAnswer<'TXT'>, document: KeyDocument): Finding {
  const name = keyTxtName(subject.domain);
  if (txt.kind === 'failure') {
    return warn('KEY-4', `DNS gives no answer for the TXT records of ${name} (${txt.reason})`, byOperator(subject, `check the zone of ${name}`));
  }
  const records = txt.kind === 'records' ? txt.records : [];
  if (records.length === 0) return ok('KEY-4', `no TXT record at ${name}, which is optional`);
  const { stale, missing, changed, malformed } = compareTxt(records, document.keys);
  const remove = byOperator(subject, 'publish the TXT records that `securechat dns` prints and remove the others');
  if (stale.length > 0) return fail('KEY-4', `stale TXT key at ${name}: ${kids(stale)} is not in the key document`, remove);
  if (changed.length > 0) return fail('KEY-4', `the TXT record at ${name} gives another key than the key document for ${kids(changed)}`, remove);
  if (malformed > 0) return fail('KEY-4', `${malformed} TXT ${malformed === 1 ? 'record' : 'records'} at ${name} cannot be read as a key`, remove);
  if (missing.length > 0) return fail('KEY-4', `the key document lists ${kids(missing)}, for which ${name} has no TXT record`, remove);
  return ok('KEY-4', `${name} has the keys of the key document`);
}

function kids(keys: readonly KeyTxt[]): string {
  return keys.map(({ kid }) => kid).join(', ');
}
