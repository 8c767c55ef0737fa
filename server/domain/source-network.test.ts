import { expect, test } from 'vitest';
import { sourceNetwork } from './source-network.ts';

test.each([
  { what: 'an IPv4 address', one: '192.0.2.1', same: '::ffff:192.0.2.1', other: '192.0.2.2' },
  { what: 'an IPv6 /64', one: '2001:db8:0:1::1', same: '2001:DB8:0:1:ffff::', other: '2001:db8:0:2::1' },
  { what: 'what is no address', one: 'unknown', same: 'unknown', other: 'elsewhere' },
])('[API-10] $what is one source', ({ one, same, other }) => {
  expect(sourceNetwork(same)).toBe(sourceNetwork(one));
  expect(sourceNetwork(other)).not.toBe(sourceNetwork(one));
});
