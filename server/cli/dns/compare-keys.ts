import type { Domain } from '../../../protocol/ids.ts';
import { keyTxtName } from '../../../protocol/key-txt.ts';
import type { KeyTxt } from '../../../protocol/key-txt.ts';
import type { DnsAnswer } from '../../federation/discovery/dns-client.ts';
import { compareTxt } from '../doctor/compare-txt.ts';
import type { Difference } from './difference.ts';
import { formatRecord, txtRecord } from './expected-records.ts';

/** The keys of this instance, those that DNS has, and those that the served document lists (null: it cannot be had). */
export interface KeySources {
  readonly domain: Domain;
  readonly keys: readonly KeyTxt[];
  readonly txt: DnsAnswer<'TXT'>;
  readonly document: readonly KeyTxt[] | null;
}

/** Finds how DNS and the served document differ from the keys of this instance, and from each other. @see docs/protocol.md [KEY-4] [KEY-6] */
export function compareKeys(sources: KeySources): readonly Difference[] {
  return [...compareTxtToKeys(sources), ...compareDocumentToKeys(sources), ...compareTxtToDocument(sources)];
}

function compareTxtToKeys({ domain, keys, txt }: KeySources): readonly Difference[] {
  const name = keyTxtName(domain);
  const difference = (problem: Difference['problem'], detail: string, fix: string): Difference => ({ record: 'TXT', problem, clause: 'KEY-4', detail, fix });
  if (txt.kind === 'failure') {
    return [difference('unavailable', `DNS gives no answer for ${name} (${txt.reason})`, 'Check the zone, or ask another resolver by SECURECHAT_DNS_SERVERS')];
  }
  const publish = (kid: string): string => keys.filter((key) => key.kid === kid).map((key) => formatRecord(txtRecord(domain, key))).join('');
  const { stale, missing, changed, malformed } = compareTxt(txt.kind === 'records' ? txt.records : [], keys);
  return [
    ...missing.map(({ kid }) => difference('missing', `there is no TXT record for the key ${kid} at ${name}`, `Publish ${publish(kid)}`)),
    ...stale.map(({ kid }) => difference('stale', `stale TXT key: ${name} has the key ${kid}, which this instance does not list`, 'Remove that record')),
    ...changed.map(({ kid }) => difference('changed', `the TXT record of ${kid} at ${name} holds another key than this instance`, `Replace it by ${publish(kid)}`)),
    ...(malformed > 0 ? [difference('malformed', `${malformed} TXT ${malformed === 1 ? 'record' : 'records'} at ${name} cannot be read as a key`, 'Paste the records as `securechat dns` prints them, each as one text')] : []),
  ];
}

function compareDocumentToKeys({ keys, document }: KeySources): readonly Difference[] {
  if (document === null) return [];
  const fix = 'Restart the instance, or run this with the data folder or key of the instance that serves the document';
  const difference = (problem: Difference['problem'], detail: string): Difference => ({ record: 'document', problem, clause: 'KEY-6', detail, fix });
  return [
    ...keys.filter((key) => !includes(document, key)).map(({ kid }) => difference('missing', `the served key document does not list the key ${kid} of this instance`)),
    ...document.filter((key) => !includes(keys, key)).map(({ kid }) => difference('extra', `extra key: the served key document lists ${kid}, which is no key of this instance`)),
  ];
}

/** Only what the two comparisons above do not say already: keys on which DNS and this instance agree. */
function compareTxtToDocument({ domain, keys, txt, document }: KeySources): readonly Difference[] {
  if (document === null || txt.kind !== 'records') return [];
  const agreed = keys.filter((key) => compareTxt(txt.records, [key]).missing.length + compareTxt(txt.records, [key]).changed.length === 0);
  return agreed
    .filter((key) => !includes(document, key))
    .map(({ kid }) => ({
      record: 'TXT',
      problem: 'differs',
      clause: 'KEY-4',
      detail: `TXT differs from the document: ${keyTxtName(domain)} has the key ${kid}, the served key document has not`,
      fix: 'Let the instance serve a key document with that key, or remove the record',
    }));
}

function includes(keys: readonly KeyTxt[], wanted: KeyTxt): boolean {
  return keys.some(({ kid, publicKey }) => kid === wanted.kid && publicKey === wanted.publicKey);
}
