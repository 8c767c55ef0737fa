import { encode } from 'next-auth/jwt';
import { describe, expect, test } from 'vitest';
import { createFakeClock } from '../domain/testing/fake-clock.ts';
import { createSessionReader, sessionCookies } from './session-cookie.ts';

const secret = 'a secret that is long enough to seal';
const cookies = sessionCookies('a.test', new URL('https://a.test'));
const seal = (claims: object, sealedWith = secret, maxAge = 3_600): Promise<string> => encode({ token: { ...claims }, secret: sealedWith, maxAge });
const clock = createFakeClock();
const read = createSessionReader({ cookies, secret, clock });

describe('the names of the cookies', () => {
  test('over https carry the prefix that binds them to this host, over http they do not', () => {
    expect(cookies).toEqual({
      session: '__Host-securechat.a.test.session', csrf: '__Host-securechat.a.test.csrf', callbackUrl: '__Host-securechat.a.test.callback', secure: true,
    });
    expect(sessionCookies('a.test', new URL('http://127.0.0.1:3000'))).toMatchObject({ session: 'securechat.a.test.session', secure: false });
  });

  test('differ between two instances on one host, which share a jar of cookies', () => {
    const url = new URL('http://127.0.0.1:3000');
    const names = ['a.test', 'b.test'].flatMap((domain) => Object.values(sessionCookies(domain, url)).filter((value) => typeof value === 'string'));
    expect(new Set(names).size).toBe(6);
  });
});

describe('the session id in a Cookie header', () => {
  test('is read back as it was sealed, whatever stands around it', async () => {
    const token = await seal({ sessionId: 'the-session' });
    expect(await read(`${cookies.session}=${token}`)).toBe('the-session');
    expect(await read(`theme=dark; ${cookies.session}=${token}; __Host-securechat.b.test.session=other`)).toBe('the-session');
    expect(await read(`${cookies.session}x; ${cookies.session}=${token}`)).toBe('the-session');
  });

  test.each(['', ';', 'theme=dark', `${cookies.session}`, `${cookies.session}=`, `${cookies.session}=not.a.token`])('is none in %j', async (header) => {
    expect(await read(header)).toBeNull();
  });

  test('is none in the cookie of another instance, of another name or of another secret', async () => {
    const token = await seal({ sessionId: 'the-session' });
    expect(await read(`__Host-securechat.b.test.session=${token}`)).toBeNull();
    expect(await read(`securechat.a.test.session=${token}`)).toBeNull();
    expect(await read(`${cookies.session}=${await seal({ sessionId: 'the-session' }, 'another secret of some length')}`)).toBeNull();
  });

  test('is none in a cookie of which one character was changed, wherever it stands', async () => {
    const token = await seal({ sessionId: 'the-session' });
    for (let at = 0; at < token.length - 1; at += 7) {
      const tampered = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect([at, await read(`${cookies.session}=${tampered}`)]).toEqual([at, null]);
    }
  });

  test('is read again and again from one cookie, and a changed one beside it is still refused', async () => {
    const token = await seal({ sessionId: 'the-session' });
    for (const minutes of [0, 0, 1, 30]) {
      clock.advance(minutes * 60_000);
      expect(await read(`${cookies.session}=${token}`)).toBe('the-session');
      expect(await read(`${cookies.session}=${token}x`)).toBeNull();
    }
  });

  test('is none in a cookie that has expired or seals no session', async () => {
    expect(await read(`${cookies.session}=${await seal({ sessionId: 'the-session' }, secret, -60)}`)).toBeNull();
    expect(await read(`${cookies.session}=${await seal({})}`)).toBeNull();
    expect(await read(`${cookies.session}=${await seal({ sessionId: 7 })}`)).toBeNull();
  });
});
