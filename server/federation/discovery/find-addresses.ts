import { isIP } from 'node:net';
import type { DnsClient } from './dns-client.ts';
import { findReplacement } from './test-connect.ts';
import type { DialledAddress, TestConnect } from './test-connect.ts';

/** What DNS says of the addresses of a host. */
export type AddressLookup =
  | { readonly kind: 'found'; readonly addresses: readonly DialledAddress[] }
  | { readonly kind: 'nxdomain' | 'nodata' }
  | { readonly kind: 'failure'; readonly reason: string };

/** Bounds the addresses of one host that are dialled. */
export const MAX_ADDRESSES = 8;

interface AddressSources {
  readonly dns: DnsClient;
  readonly testConnect: TestConnect;
}

/** Finds every address of a host, before any is judged: those of DNS, IPv4 first, unless a test says where to go. @see docs/protocol.md [DISC-3] */
export async function findAddresses({ dns, testConnect }: AddressSources, { host, port }: { readonly host: string; readonly port: number }): Promise<AddressLookup> {
  const replaced = findReplacement(testConnect, host, port);
  if (replaced !== undefined) return { kind: 'found', addresses: [replaced] };
  if (isIP(host) !== 0) return { kind: 'found', addresses: [{ address: host, port }] };
  const answers = await Promise.all([dns.query(host, 'A'), dns.query(host, 'AAAA')]);
  const addresses = answers.flatMap((answer) => (answer.kind === 'records' ? answer.records : []));
  if (addresses.length > 0) return { kind: 'found', addresses: addresses.map((address) => ({ address, port })) };
  const failed = answers.find((answer) => answer.kind === 'failure');
  return failed ?? { kind: answers[0].kind === 'nxdomain' ? 'nxdomain' : 'nodata' };
}
