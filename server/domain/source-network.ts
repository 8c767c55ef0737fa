import ipaddr from 'ipaddr.js';

const SOURCE_PREFIX_PARTS = 4;

/** Names what counts as one source: an IPv4 address, in whatever spelling, or an IPv6 /64. @see docs/protocol.md [API-10] */
export function sourceNetwork(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, SOURCE_PREFIX_PARTS).join(':') : parsed.toString();
}
