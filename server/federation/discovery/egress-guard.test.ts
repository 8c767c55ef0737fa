import { describe, expect, it } from 'vitest';

import { createEgressGuard } from './egress-guard.ts';

const guard = createEgressGuard({ testRanges: [] });

const REFUSED: readonly (readonly [address: string, range: string])[] = [
  ['0.0.0.0', 'this network'],
  ['0.255.255.255', 'this network'],
  ['10.0.0.1', 'private use'],
  ['10.255.255.255', 'private use'],
  ['100.64.0.0', 'shared address space'],
  ['100.127.255.255', 'shared address space'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['169.254.169.254', 'link-local'],
  ['172.16.0.1', 'private use'],
  ['172.31.255.255', 'private use'],
  ['192.0.0.1', 'IETF protocol assignments'],
  ['192.0.0.170', 'IETF protocol assignments'],
  ['192.0.2.1', 'documentation'],
  ['192.88.99.1', '6to4 relay'],
  ['192.168.1.1', 'private use'],
  ['198.18.0.1', 'benchmarking'],
  ['198.19.255.255', 'benchmarking'],
  ['198.51.100.1', 'documentation'],
  ['203.0.113.255', 'documentation'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'IPv4-mapped'],
  ['::ffff:8.8.8.8', 'IPv4-mapped'],
  ['::FFFF:0808:0808', 'IPv4-mapped'],
  ['::127.0.0.1', 'unassigned'],
  ['::ffff:0:127.0.0.1', 'unassigned'],
  ['64:ff9b::7f00:1', 'IPv4-IPv6 translation'],
  ['64:ff9b::8.8.8.8', 'IPv4-IPv6 translation'],
  ['64:ff9b:1::1', 'IPv4-IPv6 translation'],
  ['100::1', 'discard-only'],
  ['100:0:0:1::1', 'dummy prefix'],
  ['2001::1', 'Teredo'],
  ['2001:0:4136:e378::', 'Teredo'],
  ['2001:1::1', 'IETF protocol assignments'],
  ['2001:2::1', 'benchmarking'],
  ['2001:10::1', 'ORCHID'],
  ['2001:1ff:ffff::1', 'IETF protocol assignments'],
  ['2001:db8::1', 'documentation'],
  ['2002:7f00:1::', '6to4'],
  ['2002:808:808::1', '6to4'],
  ['3fff::1', 'documentation'],
  ['3fff:fff:ffff::1', 'documentation'],
  ['4000::1', 'unassigned'],
  ['5f00::1', 'segment routing'],
  ['fc00::1', 'unique-local'],
  ['fdff:ffff::1', 'unique-local'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
  ['fe80::1%eth0', 'not an address'],
  ['2606:4700::1%1', 'not an address'],
  ['', 'not an address'],
  ['localhost', 'not an address'],
  ['0x7f.1', 'not an address'],
  ['2130706433', 'not an address'],
  ['127.1', 'not an address'],
  ['0177.0.0.1', 'not an address'],
];

const ALLOWED = [
  '1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.1', '169.253.255.255',
  '172.15.255.255', '172.32.0.0', '192.0.1.0', '192.31.196.1', '192.175.48.1', '198.17.255.255', '198.20.0.0', '203.0.112.255',
  '223.255.255.255', '2001:200::1', '2001:4860:4860::8888', '2003::1', '2606:4700::1111', '2620:4f:8000::1', '3ffe:ffff::1', '3fff:1000::1',
];

describe('createEgressGuard', () => {
  it.each(REFUSED)('[DISC-6] %s is refused as %s', (address, range) => {
    expect(guard.check(address)).toEqual({ allowed: false, range });
  });

  it.each(ALLOWED)('[DISC-6] %s is let through', (address) => {
    expect(guard.check(address)).toEqual({ allowed: true });
  });

  it('[DISC-6] a test range is let through, and nothing beside it', () => {
    const testing = createEgressGuard({ testRanges: ['127.0.0.0/8', 'fd00::/8'] });
    expect(testing.check('127.0.0.9')).toEqual({ allowed: true });
    expect(testing.check('fd12::1')).toEqual({ allowed: true });
    expect(testing.check('10.0.0.1')).toEqual({ allowed: false, range: 'private use' });
    expect(testing.check('::1')).toEqual({ allowed: false, range: 'loopback' });
    expect(testing.check('::ffff:127.0.0.1')).toEqual({ allowed: false, range: 'IPv4-mapped' });
  });

  it('[DISC-6] a test range that is no CIDR is refused at the start', () => {
    expect(() => createEgressGuard({ testRanges: ['127.0.0.1'] })).toThrow(RangeError);
    expect(() => createEgressGuard({ testRanges: ['127.0.0.0/33'] })).toThrow(RangeError);
  });
});
