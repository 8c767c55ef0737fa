import { describe, expect, it, test } from 'vitest';
import {
  domainOf, formatConversationId, formatUserId, IdentifierError, ownerDomainInId, parseConversationId, parseCoreMessageId,
  parseDomain, parseKeyId, parseMessageId, parseUserId, parseUsername, usernameOf,
} from './ids.ts';

const label63 = `a${'b'.repeat(62)}`;
const domain253 = `${[label63, label63, label63].join('.')}.${'c'.repeat(61)}`;

function refuses(parse: (text: string) => string, texts: readonly string[]): void {
  test.each(texts)('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(IdentifierError);
  });
}

function accepts(parse: (text: string) => string, texts: readonly string[]): void {
  test.each(texts)('accepts %j', (text) => {
    expect(parse(text)).toBe(text);
  });
}

describe('[ID-2] a domain', () => {
  accepts(parseDomain, [
    'a.test', 'instance1.com', 'a-b.c', 'xn--bcher-kva.example', 'a.xn--p1ai', '1.2.a3', 'x-n.test', 'xn-a.test', 'ab-c--d.test',
    `${label63}.test`, domain253,
  ]);
  refuses(parseDomain, [
    '', 'test', '.test', 'a..test', 'a.test.', 'A.test', 'a.test:443', '-a.test', 'a-.test', 'a_b.test', 'ab--c.test',
    'xx--a.test', 'xm--a.test', 'a---b.test', 'a.ab--c', 'xn--.test', 'a.1test', '127.0.0.1', '[::1]', 'a.test\n', 'é.test', 'a b.test',
    `${label63}b.test`, `c${domain253}`, `c.${domain253}`,
  ]);
});

describe('[ID-1] a username', () => {
  accepts(parseUsername, ['a', '0', 'alice', 'a.b_c-d', `a${'.'.repeat(30)}b`]);
  refuses(parseUsername, ['', 'Alice', '.a', 'a.', '-a', 'a_', 'a b', 'é', `a${'.'.repeat(31)}b`, 'a\n']);
});

describe('[ID-1] a user id', () => {
  const longest = `a@${domain253}`;
  accepts(parseUserId, ['alice@a.test', 'a@b.c', longest]);
  refuses(parseUserId, ['', 'alice', '@a.test', 'alice@', 'Alice@a.test', 'alice@A.test', 'a@b@c.test', 'alice@test', `b${longest}`]);

  it('splits into username and domain and joins again', () => {
    const userId = parseUserId('alice@a.test');
    expect([usernameOf(userId), domainOf(userId)]).toEqual(['alice', 'a.test']);
    expect(formatUserId(usernameOf(userId), domainOf(userId))).toBe(userId);
  });

  it('[ID-1] is refused where username and domain together exceed 255 bytes', () => {
    expect(formatUserId(parseUsername('a'), parseDomain(domain253))).toHaveLength(255);
    expect(() => formatUserId(parseUsername('ab'), parseDomain(domain253))).toThrow(IdentifierError);
  });
});

describe('[ID-3] a conversation id', () => {
  accepts(parseConversationId, ['a', '...', 'A~b.c_d-e:f', '~'.repeat(276)]);
  refuses(parseConversationId, ['', '.', '..', 'a/b', 'a b', 'a%20', 'a@b', 'é', '~'.repeat(277), 'a\n']);

  it('names its owner behind the last colon', () => {
    expect(ownerDomainInId(parseConversationId('x:y:a.test'))).toBe('a.test');
    expect(ownerDomainInId(parseConversationId('x:'))).toBe('');
    expect(ownerDomainInId(parseConversationId('x'))).toBeNull();
  });

  it('is made of 128 random bits and the owner domain', () => {
    const owner = parseDomain('a.test');
    expect(formatConversationId('AAECAwQFBgcICQoLDA0ODw', owner)).toBe('AAECAwQFBgcICQoLDA0ODw:a.test');
    expect(formatConversationId('AAECAwQFBgcICQoLDA0ODw', parseDomain(domain253))).toHaveLength(276);
    expect(() => formatConversationId('AAECAwQFBgcICQoLDA0OD', owner)).toThrow(IdentifierError);
    expect(() => formatConversationId('AAECAwQFBgcICQoLDA0ODx', owner)).toThrow(IdentifierError);
  });
});

describe('[ID-4] a message id', () => {
  accepts(parseMessageId, ['01932f5e-8c00-7abc-8def-0123456789ab', '00000000-0000-7000-b000-000000000000']);
  refuses(parseMessageId, [
    '', '01932F5E-8c00-7abc-8def-0123456789ab', '01932f5e-8c00-4abc-8def-0123456789ab', '01932f5e-8c00-7abc-cdef-0123456789ab',
    '01932f5e8c007abc8def0123456789ab', '{01932f5e-8c00-7abc-8def-0123456789ab}', '01932f5e-8c00-7abc-8def-0123456789ab\n',
  ]);
});

describe('[ID-4] the stand-in for a missing message id', () => {
  accepts(parseCoreMessageId, ['47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU']);
  refuses(parseCoreMessageId, ['47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV', '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', '']);
});

describe('[KEY-1] a key id', () => {
  accepts(parseKeyId, ['1', 'A_b-9', 'k'.repeat(32)]);
  refuses(parseKeyId, ['', 'a.b', 'k'.repeat(33), 'a\n']);
});

it('[ERR-1] an identifier error names the rule and echoes nothing', () => {
  const refusal = new IdentifierError('domain');
  expect(refusal.code).toBe('domain');
  expect(refusal.message).toContain('labels');
});
