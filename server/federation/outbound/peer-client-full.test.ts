import { createHash, verify } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { canonicalRequest } from '../../../protocol/canonical-string.ts';
import { BATCH_TARGET } from '../../../protocol/endpoints.ts';
import { ERROR_REGISTRY, isErrorCode } from '../../../protocol/errors.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { GuardedAnswer } from '../discovery/guarded-request.ts';
import { A, answered, arrangeClient, B, MESSAGE, ownPublicKey, problem, signatureOf, signedBy } from './testing/arrange-client.ts';
import type { NetworkAnswer } from './testing/arrange-client.ts';
import { knownPeer } from './testing/memory-peer-keys.ts';
import { createSigningPeer } from './testing/signing-peer.ts';

const peer = createSigningPeer();
const stranger = createSigningPeer();

const EVERY_CODE: readonly ErrorCode[] = Object.keys(ERROR_REGISTRY).filter(isErrorCode);
/** What a Full peer says only after it has authenticated a request [ERR-3]. */
const ONLY_SIGNED: readonly ErrorCode[] = [
  'invalid_json', 'invalid_body', 'sender_domain_mismatch', 'conversation_owner_mismatch', 'not_owner_domain', 'not_a_member',
  'not_accepting', 'unknown_user', 'unknown_conversation', 'unknown_media', 'message_id_conflict', 'conversation_exists',
  'stale_epoch', 'user_gone',
];
const SAID_UNSIGNED = EVERY_CODE.filter((code) => !ONLY_SIGNED.includes(code));

function arrange(...answers: readonly [NetworkAnswer, ...NetworkAnswer[]]) {
  return arrangeClient(answers, { description: knownPeer('full'), keys: [peer] });
}

const ask = (...answers: readonly [NetworkAnswer, ...NetworkAnswer[]]) => arrange(...answers).client.send(MESSAGE);

describe('createPeerClient, towards a Full peer', () => {
  it('[SIG-9] a signed success is believed', async () => {
    expect(await ask(signedBy(peer, answered(202, { status: 'accepted' })))).toEqual({ kind: 'success', status: 202, json: { status: 'accepted' } });
  });

  it('[SIG-9] a success without a signature is not believed', async () => {
    expect(await ask(answered(202, { status: 'accepted' }))).toEqual({
      kind: 'unreachable', reason: 'answer_not_authentic', detail: 'no signature, status 202', retryAfterSeconds: null,
    });
  });

  it('[SIG-9] a success under another key is not believed', async () => {
    expect(await ask(signedBy(stranger, answered(202, {})))).toMatchObject({ kind: 'unreachable', reason: 'answer_not_authentic', detail: 'bad_signature, status 202' });
  });

  it('[SIG-9] the answer to one request is not believed as that to the next', async () => {
    const kept: GuardedAnswer[] = [];
    const { client } = arrange(
      (request) => {
        const answer = signedBy(peer, answered(202, {}));
        kept.push(typeof answer === 'function' ? answer(request) : answer);
        return kept[0] ?? answered(500, {});
      },
      () => kept[0] ?? answered(500, {}),
    );
    expect((await client.send(MESSAGE)).kind).toBe('success');
    expect(await client.send(MESSAGE)).toMatchObject({ reason: 'answer_not_authentic', detail: 'wrong_nonce, status 202' });
  });

  it.each(ONLY_SIGNED)('[ERR-4] %s counts with a signature and not without', async (code) => {
    const permanent = code !== 'unknown_conversation';
    expect(await ask(signedBy(peer, problem(code)))).toMatchObject({ kind: 'refused', code, permanent });
    expect(await ask(problem(code))).toMatchObject({ kind: 'unreachable', reason: 'answer_not_authentic' });
    expect(await ask(signedBy(stranger, problem(code)))).toMatchObject({ kind: 'unreachable', reason: 'answer_not_authentic' });
  });

  it.each(SAID_UNSIGNED)('[SIG-8] [ERR-4] %s may come unsigned, and then never ends the attempts', async (code) => {
    expect(await ask(problem(code, { 'retry-after': '90' }))).toEqual({
      kind: 'refused', status: ERROR_REGISTRY[code].status, code, permanent: false, retryAfterSeconds: 90,
    });
    expect(await ask(signedBy(stranger, problem(code)))).toMatchObject({ kind: 'unreachable', reason: 'answer_not_authentic' });
  });

  it('[SIG-9] a page of a proxy never loses mail, and what it says of time counts', async () => {
    const page: GuardedAnswer = { kind: 'answer', status: 403, headers: { 'content-type': 'text/html', 'retry-after': '60' }, body: Buffer.from('<h1>Checking your browser</h1>') };
    expect(await ask(page)).toEqual({ kind: 'unreachable', reason: 'answer_not_authentic', detail: 'no signature, status 403', retryAfterSeconds: 60 });
  });

  it('[ERR-4] a code under another status, or in another media type, is a page like any other', async () => {
    expect(await ask(problem('unknown_key', {}, 403))).toMatchObject({ kind: 'unreachable', reason: 'answer_not_authentic' });
    expect(await ask(problem('unknown_key', { 'content-type': 'application/json' }))).toMatchObject({ kind: 'unreachable', reason: 'answer_not_authentic' });
  });

  it.each([429, 502, 503, 504])('[ERR-4] a bare %i means that the peer itself is away', async (status) => {
    expect(await ask(answered(status, 'down', { 'retry-after': '120' }))).toEqual({ kind: 'unreachable', reason: 'bad_answer', detail: `status ${status}`, retryAfterSeconds: 120 });
  });

  it('[ERR-4] after 421 the peer is looked up anew, and only a signed one is for good', async () => {
    const signed = arrange(signedBy(peer, problem('misdirected')));
    expect(await signed.client.send(MESSAGE)).toMatchObject({ kind: 'refused', code: 'misdirected', permanent: true });
    expect([signed.sent.length, signed.forgotten]).toEqual([2, ['b.test']]);
    expect(signed.asked).toContain('refetch b.test');
    const unsigned = arrange(problem('misdirected'));
    expect(await unsigned.client.send(MESSAGE)).toMatchObject({ kind: 'refused', code: 'misdirected', permanent: false });
    expect(unsigned.sent.length).toBe(2);
    const moved = arrange(answered(421, 'a page'), signedBy(peer, answered(202, {})));
    expect((await moved.client.send(MESSAGE)).kind).toBe('success');
    expect(moved.forgotten).toEqual(['b.test']);
  });
});

describe('a batch', () => {
  it('[API-7] [SIG-1] is signed once, with one nonce for everything in it, and its answer is proven once', async () => {
    const { client, sent, asked } = arrange(signedBy(peer, answered(200, { results: [] })));
    const body = JSON.stringify({ items: [{ id: '0' }, { id: '1' }] });
    expect(await client.send({ destination: MESSAGE.destination, method: 'POST', target: BATCH_TARGET, body })).toEqual({ kind: 'success', status: 200, json: { results: [] } });
    expect(sent).toHaveLength(1);
    const { nonce, created, signature, kid } = signatureOf(sent[0]);
    const bodySha256 = createHash('sha256').update(body).digest('base64');
    const signedText = canonicalRequest({ method: 'POST', target: BATCH_TARGET, keyId: A, destination: B, kid, created, nonce, bodySha256 });
    expect(verify(null, Buffer.from(signedText), ownPublicKey, signature)).toBe(true);
    expect(asked.filter((lookup) => lookup.startsWith('find'))).toHaveLength(1);
  });

  it.each([
    { name: 'a Full peer', description: knownPeer('full', { maxBatchItems: 7 }), limits: { maxBatchItems: 7 } },
    { name: 'a Core peer', description: knownPeer('core'), limits: null },
    { name: 'an unknown peer', description: { kind: 'unavailable', detail: '' }, limits: null },
  ] as const)('[API-7] [KEY-2] may be sent to a Full peer alone, within its limits: $name', async ({ description, limits }) => {
    const { client } = arrangeClient([answered(202, {})], { description });
    const found = await client.limitsForBatches(B);
    if (limits === null) expect(found).toBeNull();
    else expect(found).toMatchObject(limits);
  });
});
