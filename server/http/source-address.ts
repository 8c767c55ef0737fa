import { BlockList, isIP } from 'node:net';

/** Header by which our listener tells the routes of Next where a request comes from; it replaces whatever a client sent. */
export const SOURCE_ADDRESS_HEADER = 'x-securechat-source';

/** Header by which function platforms tell the same, and which they do not let clients set. */
export const PLATFORM_SOURCE_HEADER = 'x-real-ip';

/** Tells where a request comes from: the connection, or what a trusted proxy in front states. */
export type SourceAddress = (connection: string, forwardedFor: string | undefined) => string;

/**
 * Creates the reading of `X-Forwarded-For`: from the right, the first entry that is not itself a trusted proxy, where it
 * is an address; what stands left of it anybody may have written. A header over an untrusted connection is ignored.
 */
export function createSourceAddress(trustedProxies: readonly string[]): SourceAddress {
  const trusted = new BlockList();
  for (const cidr of trustedProxies) {
    const [address = '', prefix = ''] = cidr.split('/');
    trusted.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  const isTrusted = (address: string): boolean => isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (connection, forwardedFor) => {
    const direct = spellIpv4(connection);
    if (!isTrusted(direct)) return direct;
    const hops = (forwardedFor ?? '').split(',').map((hop) => spellIpv4(hop.trim()));
    const source = hops.findLast((hop) => !isTrusted(hop));
    return source === undefined || isIP(source) === 0 ? direct : source;
  };
}

/** Takes an IPv4 address out of its IPv6 form. */
function spellIpv4(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
