import { BlockList, isIP } from 'node:net';

/** Header by which our listener tells the routes of Next where a request comes from; it replaces whatever a client sent. */
export const SOURCE_ADDRESS_HEADER = 'x-securechat-source';

/** Header by which function platforms tell the same, and which they do not let clients set. */
export const PLATFORM_SOURCE_HEADER = 'x-real-ip';

/** Tells where a request comes from: the connection, or what a trusted proxy in front states. */
export type SourceAddress = (connection: string, forwardedFor: string | undefined) => string;

/**
 * Creates the reading of `X-Forwarded-For`: from the right, the first address that is not itself a trusted proxy. A
 * header sent over an untrusted connection is ignored.
 */
export function createSourceAddress(trustedProxies: readonly string[]): SourceAddress {
  const trusted = new BlockList();
  for (const cidr of trustedProxies) {
    const [address = '', prefix = ''] = cidr.split('/');
    trusted.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  const isTrusted = (address: string): boolean => isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (connection, forwardedFor) => {
    const direct = connection.replace(/^::ffff:(?=\d+\.)/i, '');
    if (!isTrusted(direct)) return direct;
    const hops = (forwardedFor ?? '').split(',').map((hop) => hop.trim());
    return hops.reverse().find((hop) => isIP(hop) !== 0 && !isTrusted(hop)) ?? direct;
  };
}
