import { describe, expect, test } from 'vitest';

import { parseDomains, parsePeer } from './places.ts';

describe('domains', () => {
  test('[ID-2] a list of domains is taken as it stands, blanks around commas aside', () => {
    expect(parseDomains('a.test')).toEqual(['a.test']);
    expect(parseDomains('a.test, xn--bcher-kva.test,x1.y-2.test')).toEqual(['a.test', 'xn--bcher-kva.test', 'x1.y-2.test']);
  });

  test.each(['', 'test', 'a.test,', 'A.test', 'a.test.', '-a.test', 'a-.test', 'a..test', 'a.1', '127.0.0.1', 'ab--c.test', 'a_b.test', `${'a'.repeat(64)}.test`, 'a.test,a.test'])(
    '[ID-2] "%s" is refused',
    (text) => expect(() => parseDomains(text)).toThrow(/is not a domain|named twice/),
  );
});

describe('peers', () => {
  test('a peer is a domain, or all below one, at an address and a port', () => {
    expect(parsePeer('d.test=127.0.0.1:9443')).toEqual({ domain: 'd.test', host: '127.0.0.1', port: 9443 });
    expect(parsePeer('*.d.test=127.255.0.9:1')).toEqual({ domain: '*.d.test', host: '127.255.0.9', port: 1 });
  });

  test.each(['d.test', 'd.test=127.0.0.1', 'd.test=127.0.0.1:0', 'd.test=127.0.0.1:65536', 'd.test=127.0.0.256:1', 'd.test=127.0.1:1', 'd.test=10.0.0.1:1', 'd.test=localhost:1', '=127.0.0.1:1', '*=127.0.0.1:1', '*.*.test=127.0.0.1:1', 'a.*.test=127.0.0.1:1'])(
    '"%s" is refused',
    (text) => expect(() => parsePeer(text)).toThrow('"'),
  );
});
