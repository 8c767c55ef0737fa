import { describe, expect, test } from 'vitest';
import { createSourceAddress } from './source-address.ts';

const sourceAddress = createSourceAddress(['10.0.0.0/8', '127.0.0.1/32', 'fd00::/8']);

describe('the source of a request', () => {
  test('over an untrusted connection is that connection, whatever the header claims', () => {
    expect(sourceAddress('192.0.2.1', '198.51.100.9')).toBe('192.0.2.1');
    expect(sourceAddress('2001:db8::1', '198.51.100.9')).toBe('2001:db8::1');
  });

  test('over a trusted proxy is what that proxy states', () => {
    expect(sourceAddress('10.1.2.3', '198.51.100.9')).toBe('198.51.100.9');
    expect(sourceAddress('fd00::1', '2001:db8::9')).toBe('2001:db8::9');
  });

  test('through several trusted proxies is the first address from the right that is none of them', () => {
    expect(sourceAddress('127.0.0.1', '203.0.113.7, 198.51.100.9, 10.0.0.2,10.0.0.3')).toBe('198.51.100.9');
  });

  test.each([
    ['a header that is missing', undefined],
    ['an empty one', ''],
    ['proxies alone', '10.0.0.2, 10.0.0.3'],
    ['what is no address', 'unknown'],
    ['what a client put before something that is no address', '203.0.113.7, unknown'],
    ['what a client put before an address with a port', '203.0.113.7, 198.51.100.9:4711'],
  ])('is the proxy itself given %s', (_what, header) => {
    expect(sourceAddress('10.1.2.3', header)).toBe('10.1.2.3');
  });

  test('is spelt the same for an IPv4 address in IPv6 clothes, on the connection and in the header', () => {
    expect(sourceAddress('::ffff:192.0.2.1', undefined)).toBe('192.0.2.1');
    expect(sourceAddress('::FFFF:10.1.2.3', '203.0.113.7, ::ffff:198.51.100.9, ::ffff:10.0.0.2')).toBe('198.51.100.9');
  });

  test('without trusted proxies is always the connection', () => {
    expect(createSourceAddress([])('127.0.0.1', '198.51.100.9')).toBe('127.0.0.1');
  });
});
