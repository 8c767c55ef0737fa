import { describe, expect, test } from 'vitest';
import { parseRequestTarget, RequestTargetError } from './request-target.ts';

describe('[SIG-3] a request-target', () => {
  test.each([
    ['/federation/v1/messages', ['federation', 'v1', 'messages']],
    ['/federation/v1/users/alice@a.test/public_key', ['federation', 'v1', 'users', 'alice@a.test', 'public_key']],
    ['/a', ['a']], ['/...', ['...']], ['/.a/b.', ['.a', 'b.']], ['/A-z_0~9:@.', ['A-z_0~9:@.']],
  ])('is read: %s', (raw, segments) => {
    expect(parseRequestTarget(raw).segments).toEqual(segments);
  });

  test.each([
    '', '/', 'a', 'a/b', '/a/', '//a', '/a//b', '/.', '/..', '/a/./b', '/a/../b', '/a/..', '/a/.', '/a%40b', '/a?', '/a?b=c', '/a#b', '*', 'https://a.test/a',
    '/a b', '/é', '/a\\b', '/a;b', '/a+b', '/a!', '/a\n', 'a.test:443',
  ])('is refused: %j', (raw) => {
    expect(() => parseRequestTarget(raw)).toThrow(RequestTargetError);
  });

  test('a long hostile target is refused at once', () => {
    expect(() => parseRequestTarget(`${'/a.'.repeat(20_000)}%`)).toThrow(RequestTargetError);
  });
});
