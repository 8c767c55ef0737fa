import { BlockList, isIP, isIPv6 } from 'node:net';

/** Says whether an address may be dialled; `range` names what it lies in. */
type EgressVerdict = { readonly allowed: true } | { readonly allowed: false; readonly range: string };

/** Decides which addresses this server may open connections to. */
export interface EgressGuard {
  check(address: string): EgressVerdict;
}

/** What no peer lives in: the special-purpose ranges that are not globally reachable, multicast and embedded IPv4. */
const REFUSED_RANGES: readonly (readonly [cidr: string, range: string])[] = [
  // https://www.iana.org/assignments/iana-ipv4-special-registry and RFC 5771
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private use'],
  ['100.64.0.0/10', 'shared address space'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private use'],
  ['192.0.0.0/24', 'IETF protocol assignments'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', '6to4 relay'],
  ['192.168.0.0/16', 'private use'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  // https://www.iana.org/assignments/iana-ipv6-special-registry and RFC 4291
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::ffff:0:0/96', 'IPv4-mapped'],
  ['64:ff9b::/96', 'IPv4-IPv6 translation'],
  ['64:ff9b:1::/48', 'IPv4-IPv6 translation'],
  ['100::/64', 'discard-only'],
  ['100:0:0:1::/64', 'dummy prefix'],
  ['2001::/32', 'Teredo'],
  ['2001:2::/48', 'benchmarking'],
  ['2001:10::/28', 'ORCHID'],
  ['2001::/23', 'IETF protocol assignments'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', '6to4'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'segment routing'],
  ['fc00::/7', 'unique-local'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
];

/** All that is handed out for global unicast; what lies beside it reaches nobody (RFC 4291 section 2.4). */
const GLOBAL_UNICAST_V6 = '2000::/3';

type Range = (address: string) => boolean;

const refusedRanges = REFUSED_RANGES.map(([cidr, name]) => ({ name, contains: parseRange(cidr) }));
const isGlobalUnicastV6 = parseRange(GLOBAL_UNICAST_V6);

/**
 * Creates the guard of every outgoing connection to a peer. `testRanges` are CIDRs that are let through all the same;
 * a text that is no CIDR throws a RangeError. An IPv4 test range says nothing of IPv6 forms that embed it.
 * @see docs/protocol.md [DISC-6]
 */
export function createEgressGuard({ testRanges }: { testRanges: readonly string[] }): EgressGuard {
  const letThrough = testRanges.map(parseRange);
  return {
    check(address) {
      // A zone (`%eth0`) names a link of this machine, which no peer lives on.
      if (isIP(address) === 0 || address.includes('%')) return { allowed: false, range: 'not an address' };
      if (letThrough.some((contains) => contains(address))) return { allowed: true };
      const refused = refusedRanges.find(({ contains }) => contains(address));
      if (refused !== undefined) return { allowed: false, range: refused.name };
      if (isIPv6(address) && !isGlobalUnicastV6(address)) return { allowed: false, range: 'unassigned' };
      return { allowed: true };
    },
  };
}

function parseRange(cidr: string): Range {
  const [, network, digits] = /^([0-9A-Fa-f.:]+)\/([0-9]{1,3})$/.exec(cidr) ?? [];
  if (network === undefined || isIP(network) === 0) throw new RangeError('A test range is an IP network and a prefix length, as in 127.0.0.0/8.');
  const family = familyOf(network);
  const list = new BlockList();
  list.addSubnet(network, Number(digits), family);
  // BlockList would take an IPv4-mapped address for the IPv4 one inside it.
  return (address) => familyOf(address) === family && list.check(address, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
