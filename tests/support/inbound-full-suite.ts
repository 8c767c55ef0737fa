import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { expectProblem } from './expect-problem.ts';
import { CONVERSATIONS, foundingBody, MESSAGES, messageBody, newConversationId } from './foreign-bodies.ts';
import { readAnswerSignature } from './foreign-signer.ts';
import { signRequest } from './inbound-suite.ts';
import type { Change, InboundMount } from './inbound-suite.ts';
import { expectDescribed } from './openapi-contract.ts';
import type { RawAnswer, RawRequest } from './raw-exchange.ts';

const ALICE = 'alice@a.test';
const BOB = 'bob@d.test';
const BATCH = '/federation/v1/batch';
const EVENTS = '/federation/v1/events';
const HELLO = '/federation/v1/hello';
const MAX_BATCH_BYTES = 1_048_576;

/** A mount whose server's own key is known. */
interface FullMount extends InboundMount {
  readonly conversationId: string;
  /** Base64 of the 32 bytes that a.test's key document publishes. */
  readonly publicKeyBase64: string;
}

/** Declares the tests of what the Full profile adds for the receiving side. @see docs/protocol.md [SIG-8] [API-3] [API-7] [API-8] [API-9] */
export function describeInboundFull(mount: () => FullMount): void {
  const signed = (target: string, change: Change = {}): RawRequest => signRequest(mount().foreign, { target, ...change });
  const send = async (request: RawRequest): Promise<RawAnswer> => {
    const answer = await mount().send(request);
    expectDescribed(request, answer);
    return answer;
  };
  const message = (change: object = {}): Readonly<Record<string, unknown>> => ({
    ...messageBody({ conversationId: mount().conversationId, senderId: BOB, recipientServerDomain: 'a.test' }),
    ...change,
  });
  const item = (id: string, body: unknown, path = MESSAGES) => ({ id, method: 'POST', path, body });
  const event = (change: object = {}): object => ({
    type: 'typing',
    conversationId: mount().conversationId,
    userId: BOB,
    timestamp: new Date().toISOString(),
    ...change,
  });

  /** Sends with a nonce of its own and sees by whom, to whom and for which request the answer is signed. */
  async function sendForSignature(target: string, change: Change = {}): Promise<RawAnswer> {
    const nonce = randomBytes(16).toString('base64url');
    const answer = await send(signed(target, { ...change, nonce }));
    const signature = readAnswerSignature(answer, mount().publicKeyBase64);
    expect(signature).toMatchObject({ keyId: 'a.test', destination: 'd.test', nonce, holds: true });
    expect(Math.abs(Number(signature?.['created']) - Date.now() / 1_000)).toBeLessThan(60);
    return answer;
  }

  describe('[SIG-8] answers are signed', () => {
    test('for what succeeds', async () => {
      expect((await sendForSignature(MESSAGES, { body: message() })).status).toBe(202);
      expect((await sendForSignature(`/federation/v1/users/${ALICE}/public_key`, { method: 'GET' })).status).toBe(200);
    });

    test('for what is refused after authentication', async () => {
      expectProblem(await sendForSignature(MESSAGES, { body: '{' }), 'invalid_json');
      expectProblem(await sendForSignature(MESSAGES, { body: message({ senderId: 'eve@d.test' }) }), 'not_a_member');
      expectProblem(await sendForSignature('/federation/v1/users/nobody@a.test/public_key', { method: 'GET' }), 'unknown_user');
    });

    test('but not where nobody proved who asks', async () => {
      const request = signed(MESSAGES, { body: message() });
      const forged: RawRequest = { ...request, body: JSON.stringify(message()) };
      const answer = await send(forged);
      expectProblem(answer, 'signature_invalid');
      expect(readAnswerSignature(answer, mount().publicKeyBase64)).toBeNull();
    });
  });

  describe('[API-7] a batch', () => {
    test('has its items done in order, each with its own result', async () => {
      const first = message();
      const items = [
        item('first', first),
        item('again', first),
        item('other content', message({ messageId: first['messageId'] })),
        item('a stranger', message({ senderId: 'eve@d.test' })),
        item('not for batches', {}, HELLO),
        item('typing', { events: [event()] }, EVENTS),
        item('last', message()),
      ];
      const answer = await sendForSignature(BATCH, { body: { items } });
      expect(answer.status).toBe(200);
      const { results }: { results: readonly { id: string; status: number; body: { code?: string; status: unknown } }[] } = JSON.parse(answer.body);
      expect(results.map(({ id, status, body }) => [id, status, body.code ?? body.status])).toEqual([
        ['first', 202, 'accepted'],
        ['again', 202, 'duplicate'],
        ['other content', 409, 'message_id_conflict'],
        ['a stranger', 403, 'not_a_member'],
        ['not for batches', 404, 'not_found'],
        ['typing', 202, 'accepted'],
        ['last', 202, 'accepted'],
      ]);
    });

    test('may be 1 048 576 bytes long, not one more', async () => {
      const ofLength = (length: number): string => {
        const text = JSON.stringify({ items: [item('only', message())], padding: '' });
        return text.replace('"padding":""', `"padding":"${'x'.repeat(length - text.length)}"`);
      };
      expect((await send(signed(BATCH, { body: ofLength(MAX_BATCH_BYTES) }))).status).toBe(200);
      expectProblem(await send(signed(BATCH, { body: ofLength(MAX_BATCH_BYTES + 1) })), 'body_too_large');
    });

    test('of 101 items is refused whole', async () => {
      const before = await mount().database.counts();
      const items = Array.from({ length: 101 }, (_, index) => item(String(index), message()));
      expectProblem(await send(signed(BATCH, { body: { items } })), 'invalid_body');
      expect(await mount().database.counts()).toEqual(before);
    });
  });

  describe('[API-8] events', () => {
    test('are taken, those of unknown conversations and strangers in silence', async () => {
      const events = [
        event(),
        event({ type: 'accepted' }),
        event({ type: 'read', upTo: '01937f3e-0000-7000-8000-000000000000' }),
        event({ type: 'delivered', messageIds: ['01937f3e-0000-7000-8000-000000000000'] }),
        event({ conversationId: newConversationId('d.test') }),
        event({ userId: 'eve@d.test' }),
      ];
      const answer = await sendForSignature(EVENTS, { body: { events } });
      expect(answer).toMatchObject({ status: 202, body: '{"status":"accepted"}' });
    });

    test('are all refused for one that is malformed, from the future, or of another domain', async () => {
      const refuse = async (bad: object): Promise<RawAnswer> => send(signed(EVENTS, { body: { events: [event(), bad] } }));
      expect(expectProblem(await refuse(event({ type: 'rumour' })), 'invalid_body').pointer).toBe('/events/1/type');
      const ahead = new Date(Date.now() + 310_000).toISOString();
      expect(expectProblem(await refuse(event({ timestamp: ahead })), 'invalid_body').pointer).toBe('/events/1/timestamp');
      expectProblem(await refuse(event({ userId: 'bob@e.test' })), 'sender_domain_mismatch');
      const both = { events: [event({ userId: 'bob@e.test' }), event({ timestamp: ahead })] };
      const single = expectProblem(await send(signed(EVENTS, { body: both })), 'invalid_body');
      const { results } = JSON.parse((await send(signed(BATCH, { body: { items: [item('only', both, EVENTS)] } }))).body);
      expect([single.pointer, results[0].body.pointer]).toEqual(['/events/1/timestamp', '/events/1/timestamp']);
    });
  });

  test('[API-9] a hello is noted', async () => {
    expect(await sendForSignature(HELLO, { body: {} })).toMatchObject({ status: 202, body: '{"status":"accepted"}' });
  });

  test('[API-9] media that is not here is unknown', async () => {
    expectProblem(await sendForSignature(`/federation/v1/media/${randomBytes(16).toString('base64url')}`, { method: 'GET' }), 'unknown_media');
  });

  test('[API-3] who leaves is no member any more, and leaving twice is a duplicate', async () => {
    const conversationId = newConversationId('d.test');
    const founding = foundingBody({ conversationId, initiatorId: BOB, locals: [ALICE] });
    expect((await send(signed(CONVERSATIONS, { body: founding }))).status).toBe(201);
    const leave = { ...founding, action: 'leave', participantsToAdd: [], epoch: 1, timestamp: new Date().toISOString() };
    expect(await send(signed(CONVERSATIONS, { body: leave }))).toMatchObject({ status: 200, body: JSON.stringify({ status: 'updated', conversationId }) });
    expect(await send(signed(CONVERSATIONS, { body: leave }))).toMatchObject({ status: 200, body: JSON.stringify({ status: 'duplicate', conversationId }) });
    expectProblem(await send(signed(MESSAGES, { body: message({ conversationId }) })), 'not_a_member');
  });
}
