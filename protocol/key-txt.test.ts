import { describe, expect, it, test } from 'vitest';
import { encodeBase64 } from './base64.ts';
import { parseDomain, parseKeyId } from './ids.ts';
import { formatKeyTxt, keyTxtName, parseKeyTxt, srvName } from './key-txt.ts';

const p = encodeBase64(new Uint8Array(32).fill(9));
const key = { kid: parseKeyId('k1'), publicKey: p };

describe('[KEY-4] a key record', () => {
  it('is written and read', () => {
    expect(formatKeyTxt(key)).toBe(`v=sc1; k=ed25519; kid=k1; p=${p}`);
    expect(parseKeyTxt(formatKeyTxt(key))).toEqual(key);
  });

  test.each([
    `v=sc1;k=ed25519;kid=k1;p=${p}`, `v=sc1; p=${p}; kid=k1; k=ed25519`, ` v = sc1 ;\tk=ed25519 ; kid=k1; p= ${p} ;`, `v=sc1; k=ed25519; x=1; kid=k1; p=${p}; x=2`,
  ])('is read: %j', (text) => {
    expect(parseKeyTxt(text)).toEqual(key);
  });

  test.each([
    '', 'v=spf1 -all', `k=ed25519; v=sc1; kid=k1; p=${p}`, `v=sc2; k=ed25519; kid=k1; p=${p}`, `v=sc1; k=rsa; kid=k1; p=${p}`, `v=sc1; kid=k1; p=${p}`,
    `v=sc1; k=ed25519; p=${p}`, 'v=sc1; k=ed25519; kid=k1', `v=sc1; k=ed25519; kid=k1; kid=k1; p=${p}`, `v=sc1; k=ed25519; kid=k.1; p=${p}`,
    `v=sc1; k=ed25519; kid=k1; p=${p.slice(4)}`, `v=sc1; k=ed25519; kid=k1; p=${p.slice(0, -1)}`, `v=sc1;; k=ed25519; kid=k1; p=${p}`,
    `v=sc1; k=ed25519; kid=k1; p=${p}; x`, `V=sc1; k=ed25519; kid=k1; p=${p}`, `v=sc1; k=ed25519; kid=k1; p=${p}; v=sc1`,
  ])('is skipped: %j', (text) => {
    expect(parseKeyTxt(text)).toBeNull();
  });

  it('is read in time that grows with its length alone, however many blanks stand inside', () => {
    const long = (blanks: number): string => `v=sc1; k=ed25519; kid=k1; x=${' '.repeat(blanks)}y; p=${p}`;
    // Some 60 000 characters fit into one DNS message: a pattern that looks for the last blanks took seconds for them.
    const start = performance.now();
    expect(parseKeyTxt(long(60_000))).toEqual(key);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('and a server stand under their own names', () => {
    expect(keyTxtName(parseDomain('a.test'))).toBe('_securechat-s2s-key.a.test');
    expect(srvName(parseDomain('a.test'))).toBe('_securechat-s2s._tcp.a.test');
  });
});
