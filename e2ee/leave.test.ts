import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseTimestamp } from '../protocol/timestamp.ts';
import { signLeave, verifyLeave } from './leave.ts';
import type { Leave } from './leave.ts';
import { CONVERSATION, NOON, OTHER_CONVERSATION, person, signingKeyOf } from './testing/people.ts';

const carol = person('carol@c.test');
const dave = person('dave@d.test');
const leave: Leave = { conversationId: CONVERSATION, userId: carol.userId, epoch: 3, timestamp: NOON };
const signature = signLeave(leave, carol.signingSecretKey);

describe('a leave', () => {
  it('[E2E-6] is signed over five lines, with nothing after the last', () => {
    const lines = Buffer.from('securechat-leave-v1\nAAAAAAAAAAAAAAAAAAAAAA:a.test\ncarol@c.test\n3\n2026-11-22T12:00:00.000Z');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(carol.signingKey).toString('base64url') }, format: 'jwk' });
    expect(verify(null, lines, key, Buffer.from(signature, 'base64'))).toBe(true);
  });

  it('[E2E-6] holds under the key of whoever left', async () => {
    expect(await verifyLeave({ leave, signature, signingKey: signingKeyOf(carol) })).toBe(true);
  });

  it.each<[string, Partial<Leave>]>([
    ['conversation', { conversationId: OTHER_CONVERSATION }],
    ['person', { userId: dave.userId }],
    ['epoch', { epoch: 4 }],
    ['time', { timestamp: parseTimestamp('2026-11-22T12:00:00.001Z') }],
  ])('[E2E-6] does not hold for another %s', async (_what, other) => {
    expect(await verifyLeave({ leave: { ...leave, ...other }, signature, signingKey: signingKeyOf(carol) })).toBe(false);
  });

  it('[E2E-6] does not hold under another key, nor signed with one', async () => {
    expect(await verifyLeave({ leave, signature, signingKey: signingKeyOf(dave) })).toBe(false);
    const foreign = signLeave(leave, dave.signingSecretKey);
    expect(await verifyLeave({ leave, signature: foreign, signingKey: signingKeyOf(carol) })).toBe(false);
  });

  it('[SIG-7] of a signature that is no base64 of 64 bytes does not hold', async () => {
    for (const broken of ['', 'signed', `${signature}AAAA`]) {
      expect(await verifyLeave({ leave, signature: broken, signingKey: signingKeyOf(carol) })).toBe(false);
    }
  });
});
