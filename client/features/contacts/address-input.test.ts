import { describe, expect, it } from 'vitest';
import { readAddress, splitUserId } from './address-input.ts';

describe('[ID-1] what a person types as an address', () => {
  it('is folded to lower case and freed of blanks around it', () => {
    expect(readAddress('  Bob@B.Test ')).toEqual({ kind: 'address', userId: 'bob@b.test' });
  });
  it.each([
    ['', { kind: 'empty' }],
    ['   ', { kind: 'empty' }],
    ['bob', { kind: 'missing_at', part: 'bob' }],
    ['@b.test', { kind: 'missing_username' }],
    ['bob@', { kind: 'missing_domain' }],
    ['b ob@b.test', { kind: 'bad_username', part: 'b ob' }],
    ['.bob@b.test', { kind: 'bad_username', part: '.bob' }],
    [`${'x'.repeat(33)}@b.test`, { kind: 'bad_username', part: 'x'.repeat(33) }],
    ['bob@b', { kind: 'bad_domain', part: 'b' }],
    ['bob@b.test:8448', { kind: 'bad_domain', part: 'b.test:8448' }],
    ['bob@b.test.', { kind: 'bad_domain', part: 'b.test.' }],
    ['bob@@b.test', { kind: 'bad_domain', part: '@b.test' }],
    ['bob@127.0.0.1', { kind: 'bad_domain', part: '127.0.0.1' }],
  ])('%j is refused with its wrong part named', (typed, expected) => {
    expect(readAddress(typed)).toEqual(expected);
  });
  it('of more than 255 bytes in all is too long', () => {
    const domain = `${`${'d'.repeat(60)}.`.repeat(4)}test`;
    expect(readAddress(`${'u'.repeat(32)}@${domain}`)).toEqual({ kind: 'too_long' });
    expect(readAddress(`u@${domain}`).kind).toBe('address');
  });
});

describe('a user id on screen', () => {
  it('is split into name and domain', () => {
    expect(splitUserId('bob@b.test')).toEqual({ username: 'bob', domain: 'b.test' });
  });
  it('stands whole where it is malformed', () => {
    expect(splitUserId('not an id')).toEqual({ username: 'not an id', domain: '' });
  });
});
