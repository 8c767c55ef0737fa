import { createDecipheriv, createHash, createPublicKey, hkdfSync, verify } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { canonicalizeJson } from '../protocol/json.ts';
import { encodeUtf8 } from './bytes.ts';
import { sha256Base64Url } from './hashes.ts';
import { messageSignatureInput } from './message-sealing.ts';
import { encryptMessage } from './message.ts';
import type { KnownEpoch } from './message.ts';
import { alice, base, bob, content, envelope, envelopeOf, epoch1, LATER, padded, random, read, sealed, sent, sessionKey } from './testing/messages.ts';
import type { Reading } from './testing/messages.ts';
import { CONVERSATION, NOON, OTHER_CONVERSATION, OTHER_MESSAGE_ID, person, signingKeyOf } from './testing/people.ts';

const carol = person('carol@c.test');
const { signatureInputHash } = sent;

describe('a message', () => {
  it('[E2E-7] is read by whoever has the session key, the statement and the pin', async () => {
    expect(await read(envelope)).toEqual({
      kind: 'content',
      content,
      late: false,
      associatedData: { v: 1, alg: 'A256GCM', ...base },
      signatureInputHash,
    });
  });

  it('[E2E-7] is byte for byte that of the text, says another implementation', () => {
    const { payload } = envelope;
    const [aad, info] = [canonicalizeJson(payload.associatedData), `securechat-message-key-v1\n${CONVERSATION}\n1`];
    const key = Buffer.from(hkdfSync('sha256', sessionKey, Buffer.alloc(0), info, 32));
    const [ciphertext, tag] = [Buffer.from(payload.ciphertext, 'base64'), Buffer.from(payload.authTag, 'base64')];
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(payload.nonce, 'base64'), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(aad)).setAuthTag(tag);
    const plaintext = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    expect(new Uint8Array(plaintext)).toEqual(padded('{"kind":"text","text":"hello"}'));

    const sha256 = (...parts: readonly (string | Buffer)[]): string =>
      parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('base64');
    const signed = `securechat-message-v1\n${sha256(aad)}\n${payload.nonce}\n${sha256(ciphertext, tag)}`;
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(alice.signingKey).toString('base64url') };
    const signature = Buffer.from(payload.signature ?? '', 'base64');
    expect(verify(null, Buffer.from(signed), createPublicKey({ key: jwk, format: 'jwk' }), signature)).toBe(true);
    expect(signatureInputHash).toBe(createHash('sha256').update(signed).digest('base64url'));
  });

  it('[E2E-7] has another nonce and ciphertext each time', async () => {
    const again = await encryptMessage({ associatedData: base, content, sessionKey, signingSecretKey: alice.signingSecretKey, random });
    expect(again.payload.nonce).not.toBe(envelope.payload.nonce);
    expect(again.payload.ciphertext).not.toBe(envelope.payload.ciphertext);
  });

  it('[E2E-7] names the hash of the one before as prev', async () => {
    const associatedData = { ...base, seq: 2, prev: signatureInputHash };
    const sent = await encryptMessage({ associatedData, content, sessionKey, signingSecretKey: alice.signingSecretKey, random });
    expect(await read(envelopeOf(sent.payload))).toMatchObject({ kind: 'content', associatedData: { prev: signatureInputHash } });
  });

  it('[API-10] may carry associated data that this version does not know', async () => {
    expect(await read(await sealed({ associatedData: { color: 'blue' } }))).toMatchObject({ kind: 'content' });
  });
});

describe('a message that cannot be read says why', () => {
  it('[E2E-8] no_key_yet: its epoch or its key has not come', async () => {
    const expected = { kind: 'unreadable', reason: 'no_key_yet' };
    expect(await read(envelope, { findEpoch: () => null })).toEqual(expected);
    expect(await read(envelope, { findEpoch: () => null, joinedAtEpoch: null })).toEqual(expected);
    expect(await read(envelope, { findEpoch: () => ({ ...epoch1, sessionKey: null }) })).toEqual(expected);
  });

  it('[E2E-8] before_you_joined: its epoch came before the first one this user had', async () => {
    const expected = { kind: 'unreadable', reason: 'before_you_joined' };
    expect(await read(envelope, { findEpoch: () => null, joinedAtEpoch: 2 })).toEqual(expected);
    expect(await read(envelope, { findEpoch: () => ({ ...epoch1, sessionKey: null }), joinedAtEpoch: 2 })).toEqual(expected);
  });

  it('[E2E-8] bad_signature: somebody else of the conversation signed it', async () => {
    expect(await read(await sealed({}))).toMatchObject({ kind: 'content' });
    expect(await read(await sealed({ signer: bob }))).toEqual({ kind: 'unreadable', reason: 'bad_signature' });
  });

  it('[E2E-8] bad_envelope: its author bound it to something else', async () => {
    const expected = { kind: 'unreadable', reason: 'bad_envelope' };
    for (const associatedData of [{ messageId: OTHER_MESSAGE_ID }, { conversationId: OTHER_CONVERSATION }, { timestamp: LATER }]) {
      expect(await read(await sealed({ associatedData }))).toEqual(expected);
    }
  });

  it('[E2E-8] bad_envelope: the signed message of one member is handed over as that of another', async () => {
    expect(await read({ ...envelope, senderId: bob.userId })).toEqual({ kind: 'unreadable', reason: 'bad_envelope' });
  });

  it('[E2E-8] bad_envelope: even while the key has not come', async () => {
    const message = { ...envelope, timestamp: LATER };
    expect(await read(message, { findEpoch: () => null })).toEqual({ kind: 'unreadable', reason: 'bad_envelope' });
  });

  it("[E2E-8] wrong_membership: its author saw another statement, or is not in the epoch's", async () => {
    const expected = { kind: 'unreadable', reason: 'wrong_membership' };
    expect(await read(await sealed({ associatedData: { membership: 'A'.repeat(43) } }))).toEqual(expected);
    const foreign = await sealed({ associatedData: { senderId: carol.userId }, signer: carol });
    const senderSigningKeys = [signingKeyOf(carol)];
    expect(await read({ ...foreign, senderId: carol.userId }, { senderSigningKeys })).toEqual(expected);
  });

  it('[E2E-8] unknown_version: another version, algorithm or kind', async () => {
    const expected = { kind: 'unreadable', reason: 'unknown_version' };
    expect(await read(await sealed({ associatedData: { v: 2 } }))).toEqual(expected);
    expect(await read(await sealed({ associatedData: { alg: 'C20P' } }))).toEqual(expected);
    expect(await read(await sealed({ plaintext: padded('{"kind":"poll"}') }))).toEqual(expected);
  });

  it('[E2E-8] corrupt: signed, but sealed under another key, nonce or padding', async () => {
    const expected = { kind: 'unreadable', reason: 'corrupt' };
    expect(await read(await sealed({ under: random(32) }))).toEqual(expected);
    expect(await read(await sealed({ nonce: random(12) }))).toEqual(expected);
    expect(await read(await sealed({ nonce: random(13) }))).toEqual(expected);
    expect(await read(await sealed({ plaintext: encodeUtf8(JSON.stringify(content)) }))).toEqual(expected);
  });

  it('[E2E-8] unverified_sender: the key listed for the sender is not a pinned one', async () => {
    const expected = { kind: 'unreadable', reason: 'unverified_sender' };
    expect(await read(envelope, { senderSigningKeys: [signingKeyOf(bob), signingKeyOf(alice)] })).toMatchObject({ kind: 'content' });
    expect(await read(envelope, { senderSigningKeys: [signingKeyOf(bob)] })).toEqual(expected);
    expect(await read(envelope, { senderSigningKeys: [] })).toEqual(expected);
  });

  it('[E2E-5] unverified_sender: the conversation has no membership', async () => {
    const findEpoch = (): KnownEpoch => ({ ...epoch1, membership: null });
    expect(await read(envelope, { findEpoch })).toEqual({ kind: 'unreadable', reason: 'unverified_sender' });
  });
});

describe('a message of an older epoch', () => {
  const supersededAt = new Date(NOON);
  const after = (ms: number): Partial<Reading> => ({
    findEpoch: () => ({ ...epoch1, supersededAt }),
    receivedAt: new Date(supersededAt.getTime() + ms),
  });

  it('[E2E-8] is in time until the next epoch is 10 minutes old', async () => {
    expect(await read(envelope, after(600_000))).toMatchObject({ kind: 'content', late: false });
  });

  it('[E2E-8] is shown as late afterwards', async () => {
    expect(await read(envelope, after(600_001))).toMatchObject({ kind: 'content', late: true });
  });
});

describe('prev', () => {
  it('[E2E-7] is the hash of the signature input', async () => {
    expect(await sha256Base64Url(await messageSignatureInput(envelope.payload))).toBe(signatureInputHash);
  });
});
