import { expect, test } from 'vitest';
import { createIdentity } from '../../e2ee/identity.ts';
import { webRandomBytes } from '../../e2ee/random.ts';
import { encodeBase64 } from '../../protocol/base64.ts';
import { parseUserId } from '../../protocol/ids.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import { mergeVaultContents, vaultContentsFromJson, vaultContentsToJson } from './vault-contents.ts';
import type { Pin, VaultContents } from './vault-contents.ts';

const ALICE = parseUserId('alice@a.test');
const BOB = 'bob@b.test';
const EARLY = parseTimestamp('2026-11-22T12:00:00.000Z');
const LATE = parseTimestamp('2026-11-22T13:00:00.000Z');

const identity = (keyVersion: number) => createIdentity({ userId: ALICE, keyVersion, createdAt: EARLY, random: webRandomBytes });
const key = (byte: number): string => encodeBase64(new Uint8Array(32).fill(byte));
const pin = (byte: number, keyVersion = 1): Pin => ({ publicKey: key(byte), signingKey: key(byte), keyVersion, earlier: [], resetAt: null });

function contents(members: Partial<VaultContents> = {}): VaultContents {
  return { identity: identity(1), former: [], pins: {}, verified: {}, labels: {}, ...members };
}

test('[E2E-11] contents are read back as they were written, and not as another person’s', () => {
  const written = contents({ former: [identity(1)], pins: { [BOB]: pin(1) }, verified: { [BOB]: key(1) } });
  const json = vaultContentsToJson({ ...written, identity: identity(2) });
  expect(vaultContentsFromJson(ALICE, json)).toMatchObject({ pins: written.pins, verified: written.verified, former: written.former });
  expect(vaultContentsFromJson(parseUserId(BOB), json)).toBeNull();
  expect(vaultContentsFromJson(ALICE, { ...json, v: 2 })).toBeNull();
});

test('[E2E-2] of two pins the higher key version stays, and a comparison made with the other one falls', () => {
  const theirs = contents({ pins: { [BOB]: pin(2, 2), 'carol@c.test': pin(3) } });
  const ours = contents({ pins: { [BOB]: pin(1) }, verified: { [BOB]: key(1) } });
  const merged = mergeVaultContents(theirs, ours);
  expect(merged.pins).toEqual({ [BOB]: pin(2, 2), 'carol@c.test': pin(3) });
  expect(merged.verified).toEqual({});
  expect(mergeVaultContents(ours, ours).verified).toEqual({ [BOB]: key(1) });
});

test('the later of two labels stays, also when it takes a label away', () => {
  const theirs = contents({ labels: { 'c:a.test': { text: null, changedAt: LATE }, 'd:a.test': { text: 'old', changedAt: EARLY } } });
  const ours = contents({ labels: { 'c:a.test': { text: 'Bob', changedAt: EARLY }, 'd:a.test': { text: 'new', changedAt: LATE } } });
  const { labels } = mergeVaultContents(theirs, ours);
  expect([labels['c:a.test']?.text, labels['d:a.test']?.text]).toEqual([null, 'new']);
});

test('[E2E-1] an identity that another device reset wins, and the one before stays to read with', () => {
  const [first, second] = [identity(1), identity(2)];
  const merged = mergeVaultContents(contents({ identity: second, former: [first] }), contents({ identity: first }));
  expect(merged.identity).toBe(second);
  expect(merged.former.map(({ keyVersion }) => keyVersion)).toEqual([1]);
});
