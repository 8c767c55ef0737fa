import { describe, expect, it } from 'vitest';

import { parseDomain, parseKeyId } from '../../../protocol/ids.ts';
import { createStrictEd25519 } from '../keys/strict-ed25519.ts';
import { createAuthenticateAnswer } from './authenticate-answer.ts';
import type { ReceivedAnswer } from './read-problem.ts';
import { createMemoryPeerKeys, knownPeer } from './testing/memory-peer-keys.ts';
import { createSigningPeer } from './testing/signing-peer.ts';

const A = parseDomain('a.test');
const B = parseDomain('b.test');
const NOW = new Date('2026-05-01T10:00:00.900Z');
const NOW_SECONDS = 1_777_629_600;
const NONCE = 'AAECAwQFBgcICQoLDA0ODw';
const BODY = Buffer.from('{"status":"accepted"}');

const peer = createSigningPeer();
const replaced = createSigningPeer();
const TRUE_CLAIMS = { keyId: B, destination: A, created: NOW_SECONDS, nonce: NONCE, status: 202, body: BODY };

function answerWith(value: string | undefined, fields: Partial<ReceivedAnswer> = {}): ReceivedAnswer {
  return { status: 202, headers: value === undefined ? {} : { 'x-federation-signature': value }, body: BODY, ...fields };
}

function arrange(known: Partial<Parameters<typeof createMemoryPeerKeys>[0]> = {}) {
  const { peerKeys, asked } = createMemoryPeerKeys({ description: knownPeer('full'), keys: [peer], ...known });
  const authenticate = createAuthenticateAnswer({ ownKeys: { domain: A }, peerKeys, ed25519: createStrictEd25519(), clock: { now: () => NOW } });
  return { asked, check: (answer: ReceivedAnswer) => authenticate(answer, { peer: B, nonce: NONCE }) };
}

const AUTHENTIC = { kind: 'authentic' };
const refusedFor = (fault: string) => ({ kind: 'not_authentic', fault });

describe('createAuthenticateAnswer', () => {
  it('[SIG-9] an answer that the peer signed for this request is its own word', async () => {
    const { check, asked } = arrange();
    expect(await check(answerWith(peer.signAnswer(TRUE_CLAIMS)))).toEqual(AUTHENTIC);
    expect(asked).toEqual(['find b.test peer-1']);
  });

  it('[SIG-8] the signature covers the status and the bytes of the body', async () => {
    const { check } = arrange();
    const signed = answerWith(peer.signAnswer(TRUE_CLAIMS));
    expect(await check({ ...signed, status: 200 })).toEqual(refusedFor('bad_signature'));
    expect(await check({ ...signed, body: Buffer.from('{"status": "accepted"}') })).toEqual(refusedFor('bad_signature'));
    expect(await check(signed)).toEqual(AUTHENTIC);
  });

  it('[SIG-8] an answer without a body hashes the empty string', async () => {
    const empty = new Uint8Array();
    expect(await arrange().check(answerWith(peer.signAnswer({ ...TRUE_CLAIMS, body: empty }), { body: empty }))).toEqual(AUTHENTIC);
  });

  it('[SIG-9] an answer without the header is told apart from a false one', async () => {
    expect(await arrange().check(answerWith(undefined))).toEqual({ kind: 'unsigned' });
  });

  it.each([
    { name: 'that stands twice', of: (value: string) => `${value},\n${value}` },
    { name: 'in two halves', of: (value: string) => value.replace('",nonce', '",\nnonce') },
  ])('[SIG-9] a header on two lines, $name, is none', async ({ of }) => {
    const { check, asked } = arrange();
    expect(await check(answerWith(of(peer.signAnswer(TRUE_CLAIMS))))).toEqual({ kind: 'unsigned' });
    expect(asked).toEqual([]);
  });

  it.each([
    { name: 'an empty header', of: () => '' },
    { name: 'a header twice on one line', of: (value: string) => `${value},${value}` },
    { name: 'a seventh parameter', of: (value: string) => `${value},status="202"` },
    { name: 'a parameter missing', of: (value: string) => value.replace(/nonce="[^"]*",/, '') },
    { name: 'a name in capitals', of: (value: string) => value.replace('nonce=', 'Nonce=') },
  ])('[SIG-9] [SIG-1] $name is no signature', async ({ of }) => {
    const { check, asked } = arrange();
    expect(await check(answerWith(of(peer.signAnswer(TRUE_CLAIMS))))).toEqual(refusedFor('malformed'));
    expect(asked).toEqual([]);
  });

  it.each([
    { name: 'another domain', claims: { keyId: parseDomain('c.test') }, fault: 'wrong_key_id' },
    { name: 'this server itself', claims: { keyId: A }, fault: 'wrong_key_id' },
    { name: 'the peer, meant for another server', claims: { destination: parseDomain('c.test') }, fault: 'wrong_destination' },
    { name: 'the peer, meant for another request', claims: { nonce: 'DwECAwQFBgcICQoLDA0ODw' }, fault: 'wrong_nonce' },
    { name: 'the peer, 301 s ago', claims: { created: NOW_SECONDS - 301 }, fault: 'wrong_time' },
    { name: 'the peer, 301 s ahead', claims: { created: NOW_SECONDS + 301 }, fault: 'wrong_time' },
  ])('[SIG-9] an answer by $name is not believed, and no key is looked up', async ({ claims, fault }) => {
    const { check, asked } = arrange();
    expect(await check(answerWith(peer.signAnswer({ ...TRUE_CLAIMS, ...claims })))).toEqual(refusedFor(fault));
    expect(asked).toEqual([]);
  });

  it.each([-300, 300])('[SIG-9] an answer made %i s from now is believed', async (seconds) => {
    expect(await arrange().check(answerWith(peer.signAnswer({ ...TRUE_CLAIMS, created: NOW_SECONDS + seconds })))).toEqual(AUTHENTIC);
  });

  it('[SIG-9] [KEY-5] a kid that the document at hand does not list is looked up anew', async () => {
    const { check, asked } = arrange({ keys: [], later: [peer] });
    expect(await check(answerWith(peer.signAnswer(TRUE_CLAIMS)))).toEqual(AUTHENTIC);
    expect(asked).toEqual(['find b.test peer-1', 'refetch b.test peer-1']);
    const unlisted = parseKeyId('unlisted');
    expect(await check(answerWith(peer.signAnswer({ ...TRUE_CLAIMS, kid: unlisted })))).toEqual(refusedFor('no_key'));
  });

  it('[SIG-9] [KEY-5] a signature that fails leads to one more lookup, and is believed under the key found then', async () => {
    const { check, asked } = arrange({ keys: [replaced], later: [peer] });
    expect(await check(answerWith(peer.signAnswer(TRUE_CLAIMS)))).toEqual(AUTHENTIC);
    expect(asked).toEqual(['find b.test peer-1', 'refetch b.test peer-1']);
    const other = arrange({ keys: [replaced] });
    expect(await other.check(answerWith(peer.signAnswer(TRUE_CLAIMS)))).toEqual(refusedFor('bad_signature'));
    expect(other.asked).toEqual(['find b.test peer-1', 'refetch b.test peer-1']);
  });

  it('[SIG-9] [SIG-7] the signature is checked strictly: S + L is refused', async () => {
    const value = peer.signAnswer(TRUE_CLAIMS);
    const signature = Buffer.from(/signature="([^"]*)"/.exec(value)?.[1] ?? '', 'base64');
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
    const raised = Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()]);
    const forged = value.replace(/signature="[^"]*"/, `signature="${raised.toString('base64')}"`);
    expect(await arrange().check(answerWith(forged))).toEqual(refusedFor('bad_signature'));
  });
});
