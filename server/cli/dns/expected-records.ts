import type { Domain } from '../../../protocol/ids.ts';
import { formatKeyTxt, keyTxtName, srvName } from '../../../protocol/key-txt.ts';
import type { KeyTxt } from '../../../protocol/key-txt.ts';

/** What a domain has to publish: where its listener for servers is, and the keys that it lists. */
export interface Publication {
  readonly domain: Domain;
  readonly target: Domain;
  readonly port: number;
  readonly keys: readonly KeyTxt[];
}

/** One record as a zone file has it; `name` without its trailing dot. */
interface ExpectedRecord {
  readonly name: string;
  readonly type: 'SRV' | 'TXT';
  readonly data: string;
}

const TTL_SECONDS = 3600;

/** Lists the records to publish, one TXT for every key. @see docs/protocol.md [DISC-1] [KEY-4] */
export function expectedRecords({ domain, target, port, keys }: Publication): readonly ExpectedRecord[] {
  return [{ name: srvName(domain), type: 'SRV', data: `10 10 ${port} ${target}.` }, ...keys.map((key) => txtRecord(domain, key))];
}

/** Gives the record of one key. @see docs/protocol.md [KEY-4] */
export function txtRecord(domain: Domain, key: KeyTxt): ExpectedRecord {
  return { name: keyTxtName(domain), type: 'TXT', data: `"${formatKeyTxt(key)}"` };
}

/** Writes a record as a line of a zone file. */
export function formatRecord({ name, type, data }: ExpectedRecord): string {
  return `${name}. ${TTL_SECONDS} IN ${type} ${data}`;
}
