import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../protocol/errors.ts';
import { MAX_BODY_BYTES } from '../../protocol/limits.ts';
import type { DatabaseReader } from './database-reader.ts';
import { expectProblem } from './expect-problem.ts';
import { CONVERSATIONS, foundingBody, MESSAGES, messageBody, newConversationId } from './foreign-bodies.ts';
import type { ForeignServer } from './foreign-server.ts';
import { createForeignKeys, signatureHeader } from './foreign-signer.ts';
import type { UnsignedRequest } from './foreign-signer.ts';
import { describedPaths, expectDescribed } from './openapi-contract.ts';
import type { RawAnswer, RawRequest } from './raw-exchange.ts';

const ALICE = 'alice@a.test';
const BOB = 'bob@d.test';

/** A mount of a.test's federation handler, as the suite reaches it; made before the first test runs. */
export interface InboundMount {
  /** Sends a request as a peer would. */
  send(request: RawRequest): Promise<RawAnswer>;
  readonly database: DatabaseReader;
  /** The server of d.test, whose key a.test can fetch. */
  readonly foreign: ForeignServer;
}

/** Prepares a conversation of bob@d.test with alice@a.test, who exists, and gives its id. */
export async function foundConversation({ send, foreign }: InboundMount): Promise<{ readonly conversationId: string; readonly founded: RawAnswer }> {
  const conversationId = newConversationId('d.test');
  const body = foundingBody({ conversationId, initiatorId: BOB, locals: [ALICE] });
  return { conversationId, founded: await send(signRequest(foreign, { target: CONVERSATIONS, body })) };
}

/** Targets that are refused wherever they arrive. */
const BAD_TARGETS = [
  `${MESSAGES}?`,
  `${MESSAGES}?x=1`,
  `${MESSAGES}/`,
  '/federation/v1//messages',
  '/federation//v1/messages',
  '/federation/v1/%6dessages',
  '/federation/v1/users/alice%40a.test/public_key',
  '/federation/v1/messages;v=1',
];

/** Targets that are another one, or none, by the time they are a URL. */
const TARGETS_NO_URL_HOLDS = [
  '/%66ederation/v1/messages',
  '/federation/v1/./messages',
  '/federation/v1/users/../messages',
  '/federation/v1/messages#top',
  'http://a.test/federation/v1/messages',
  'https://a.test/federation/v1/messages',
];

const secondsAgo = (seconds: number): number => Math.floor(Date.now() / 1_000) - seconds;

/** What a test changes of a request that would be accepted. */
export interface Change extends Partial<Omit<UnsignedRequest, 'body'>> {
  readonly body?: string | Uint8Array | object;
  readonly keys?: ForeignServer['keys'];
  readonly mediaType?: string;
}

/** Signs a request of d.test to a.test. */
export function signRequest(foreign: ForeignServer, { body = '', keys = foreign.keys, mediaType = 'application/json', ...change }: Change): RawRequest {
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const request: UnsignedRequest = { method: 'POST', target: MESSAGES, keyId: 'd.test', destination: 'a.test', ...change, body: bytes };
  const { method, target } = request;
  return { method, target, body: bytes, headers: [['Content-Type', mediaType], ['X-Federation-Signature', signatureHeader(request, keys)]] };
}

/**
 * Declares the tests of everything that a peer can see of how a request is received: each refusal with its code and
 * nothing stored, and its accepted twin. Every mount of the handler has to pass them; one that is handed URLs instead
 * of request lines is not asked about targets that a URL cannot hold.
 * @see docs/protocol.md [ERR-2] [ERR-3]
 */
export function describeInbound(
  mount: () => InboundMount & { readonly conversationId: string },
  { seesRequestLine = true }: { readonly seesRequestLine?: boolean } = {},
): void {
  const send = async (request: RawRequest): Promise<RawAnswer> => {
    const answer = await mount().send(request);
    expectDescribed(request, answer);
    return answer;
  };
  const conversation = (): string => mount().conversationId;
  const founding = (): Record<string, unknown> => ({ ...foundingBody({ conversationId: conversation(), initiatorId: BOB, locals: [ALICE] }) });
  const message = (): Record<string, unknown> => messageBody({ conversationId: conversation(), senderId: BOB, recipientServerDomain: 'a.test' });
  const signed = ({ body = message(), ...change }: Change = {}): RawRequest => signRequest(mount().foreign, { body, ...change });

  /** Sends what has to be refused, and sees that it is, with this code and with nothing stored. */
  async function expectRefused(request: RawRequest, code: ErrorCode): Promise<ReturnType<typeof expectProblem>> {
    const before = await mount().database.counts();
    const document = expectProblem(await send(request), code);
    expect(await mount().database.counts()).toEqual(before);
    return document;
  }

  async function expectAccepted(request: RawRequest): Promise<void> {
    const before = (await mount().database.counts())['messages'] ?? 0;
    const answer = await send(request);
    expect(answer).toMatchObject({ status: 202, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } });
    expect(JSON.parse(answer.body)).toEqual({ status: 'accepted', messageId: expect.any(String) });
    expect((await mount().database.counts())['messages']).toBe(before + 1);
  }

  /** A message that is exactly as long as the body may be at most, give or take some bytes. */
  function messageOfLength(length: number): string {
    const empty = { ...message(), padding: '' };
    return JSON.stringify({ ...empty, padding: 'x'.repeat(length - JSON.stringify(empty).length) });
  }

  describe('who speaks', () => {
    test('[SIG-1] a signed message of a member is accepted and stored', async () => {
      await expectAccepted(signed());
    });

    test('[SIG-1] an unsigned request is refused', async () => {
      const { headers = [], ...rest } = signed();
      await expectRefused({ ...rest, headers: headers.filter(([name]) => name === 'Content-Type') }, 'signature_missing');
    });

    test('[SIG-1] a second signature header, and one with a parameter too many, are refused', async () => {
      const { headers = [], ...rest } = signed();
      const [, line = ['', ''] as const] = headers;
      await expectRefused({ ...rest, headers: [...headers, line] }, 'signature_malformed');
      await expectRefused({ ...rest, headers: [['Content-Type', 'application/json'], [line[0], `${line[1]}, alg="none"`]] }, 'signature_malformed');
    });

    test('[SIG-2] one flipped byte of the body is refused', async () => {
      const request = signed();
      const bytes = Buffer.from(request.body ?? '');
      const at = bytes.indexOf('"ciphertext":"') + 20;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await expectRefused({ ...request, body: bytes }, 'signature_invalid');
    });

    test('[SIG-2] a signature made for another path or method is refused', async () => {
      const { headers = [], ...rest } = signed({ target: CONVERSATIONS });
      await expectRefused({ ...rest, target: MESSAGES, headers }, 'signature_invalid');
      const asPut = signed({ method: 'PUT' });
      await expectRefused({ ...asPut, method: 'POST' }, 'signature_invalid');
    });

    test('[KEY-5] a signature by another key is refused, under the listed name and under another', async () => {
      const others = createForeignKeys(mount().foreign.keys.kid);
      await expectRefused(signed({ keys: others }), 'signature_invalid');
      await expectRefused(signed({ keys: createForeignKeys('foreign-2') }), 'unknown_key');
    });

    test('[SIG-4] a request created 310 s ago or ahead is refused with the time here; one of 290 s is accepted', async () => {
      for (const created of [secondsAgo(310), secondsAgo(-310)]) {
        const { serverTime } = await expectRefused(signed({ created }), 'timestamp_out_of_window');
        expect(Math.abs(Date.parse(serverTime ?? '') - Date.now())).toBeLessThan(60_000);
      }
      await expectAccepted(signed({ created: secondsAgo(290) }));
    });

    test('[SIG-5] the same request is accepted once and refused as a replay, also with another body under its nonce', async () => {
      const nonce = randomBytes(16).toString('base64url');
      const request = signed({ nonce });
      await expectAccepted(request);
      await expectRefused(request, 'replay_detected');
      await expectRefused(signed({ nonce }), 'replay_detected');
    });

    test('[SIG-6] a request for another destination, and one that claims to come from here, are refused', async () => {
      await expectRefused(signed({ destination: 'b.test' }), 'misdirected');
      await expectRefused(signed({ keyId: 'a.test' }), 'signature_malformed');
    });
  });

  describe('what is said', () => {
    test('[API-2] a sender of another domain is refused', async () => {
      await expectRefused(signed({ body: { ...message(), senderId: 'bob@e.test' } }), 'sender_domain_mismatch');
    });

    test('[API-2] a sender who is not a member is refused', async () => {
      await expectRefused(signed({ body: { ...message(), senderId: 'eve@d.test' } }), 'not_a_member');
    });

    test('[API-2] a message for another server and one of an unknown conversation are refused', async () => {
      await expectRefused(signed({ body: { ...message(), recipientServerDomain: 'b.test' } }), 'misdirected');
      await expectRefused(signed({ body: { ...message(), conversationId: newConversationId('d.test') } }), 'unknown_conversation');
    });

    test('[API-6] other content under a known message id is refused, the same content is a duplicate', async () => {
      const body = message();
      await expectAccepted(signed({ body }));
      const before = await mount().database.counts();
      const again = await send(signed({ body }));
      expect(again).toMatchObject({ status: 202, body: JSON.stringify({ status: 'duplicate', messageId: body['messageId'] }) });
      expect(await mount().database.counts()).toEqual(before);
      await expectRefused(signed({ body: { ...message(), messageId: body['messageId'] } }), 'message_id_conflict');
    });

    test('[API-3] a change by a user of another domain, for an unknown user, or without a local member is refused', async () => {
      const fresh = { conversationId: newConversationId('d.test'), initiatorId: BOB };
      const refuse = (body: object, code: ErrorCode) => expectRefused(signed({ target: CONVERSATIONS, body }), code);
      await refuse({ ...foundingBody({ ...fresh, initiatorId: 'bob@e.test', locals: [ALICE] }) }, 'sender_domain_mismatch');
      await refuse(foundingBody({ ...fresh, locals: ['nobody@a.test'] }), 'unknown_user');
      const noLocal = await expectRefused(signed({ target: CONVERSATIONS, body: foundingBody({ ...fresh, locals: [] }) }), 'invalid_body');
      expect(noLocal.pointer).toBe('/participantsToAdd');
    });

    test('[ID-3] a conversation id of another domain and one that exists already are refused', async () => {
      const stolen = foundingBody({ conversationId: newConversationId('a.test'), initiatorId: BOB, locals: [ALICE] });
      await expectRefused(signed({ target: CONVERSATIONS, body: stolen }), 'conversation_owner_mismatch');
      await expectRefused(signed({ target: CONVERSATIONS, body: founding() }), 'conversation_exists');
    });

    test('[API-5] a rotation of an epoch that does not follow is refused with the epoch that there is', async () => {
      const body = { ...founding(), action: 'rotate_key', epoch: 7 };
      const { currentEpoch } = await expectRefused(
        signed({ method: 'PUT', target: `${CONVERSATIONS}/${conversation()}/session_key`, body }),
        'stale_epoch',
      );
      expect(currentEpoch).toBe(1);
    });

    test('[ID-1] a user name with capitals is refused wherever it stands, never folded', async () => {
      const sender = await expectRefused(signed({ body: { ...message(), senderId: 'Bob@d.test' } }), 'invalid_body');
      expect(sender.pointer).toBe('/senderId');
      const body = foundingBody({ conversationId: newConversationId('d.test'), initiatorId: BOB, locals: ['Alice@a.test'] });
      const member = await expectRefused(signed({ target: CONVERSATIONS, body }), 'invalid_body');
      expect(member.pointer).toBe('/participantsToAdd/0/userId');
      const lookup = (userId: string) => signed({ method: 'GET', target: `/federation/v1/users/${userId}/public_key`, body: '' });
      await expectRefused(lookup('Alice@a.test'), 'invalid_body');
      expect(await send(lookup('alice@a.test'))).toMatchObject({ status: 200 });
    });

    test('[ID-5] a message from more than 300 s ahead is refused', async () => {
      const timestamp = new Date(Date.now() + 310_000).toISOString();
      const { pointer } = await expectRefused(signed({ body: { ...message(), timestamp } }), 'invalid_body');
      expect(pointer).toBe('/timestamp');
    });
  });

  describe('how it is said', () => {
    test('[SIG-11] a body one byte over the limit is refused, one at the limit is accepted', async () => {
      await expectAccepted(signed({ body: messageOfLength(MAX_BODY_BYTES) }));
      await expectRefused(signed({ body: messageOfLength(MAX_BODY_BYTES + 1) }), 'body_too_large');
    });

    test.each([
      ['is cut off', '{"conversationId":'],
      ['is empty', ''],
      ['has a key twice', '{"senderId":"bob@d.test","senderId":"bob@d.test"}'],
      ['begins with a byte order mark', '\uFEFF{}'],
      ['holds a lone surrogate', '{"senderId":"\\ud800"}'],
      ['holds an integer that is not exact', '{"epoch":9007199254740993}'],
      ['is not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
      ['is nested too deeply', '['.repeat(17) + ']'.repeat(17)],
    ])('[SIG-12] a body that %s is refused', async (_, body) => {
      await expectRefused(signed({ body }), 'invalid_json');
    });

    test('[SIG-12] JSON that is no object is refused as a body', async () => {
      await expectRefused(signed({ body: '[]' }), 'invalid_body');
    });

    test('[SIG-11] another media type and an encoded body are refused, a charset of UTF-8 is accepted', async () => {
      await expectRefused(signed({ mediaType: 'text/plain' }), 'unsupported_media_type');
      const { headers = [], ...rest } = signed();
      await expectRefused({ ...rest, headers: [...headers, ['Content-Encoding', 'gzip']] }, 'unsupported_media_type');
      await expectAccepted(signed({ mediaType: 'Application/JSON; charset=UTF-8' }));
    });

    test.each(seesRequestLine ? [...BAD_TARGETS, ...TARGETS_NO_URL_HOLDS] : BAD_TARGETS)('[SIG-3] the target %s is refused, however well it is signed', async (target) => {
      await expectRefused(signed({ target }), 'bad_request_target');
    });

    test('[API-10] an unknown path is 404, and a method that a path does not have is 405 with those that it has', async () => {
      await expectRefused(signed({ target: '/federation/v1/rumours' }), 'not_found');
      const before = await mount().database.counts();
      const answer = await send(signed({ method: 'DELETE' }));
      expectProblem(answer, 'method_not_allowed');
      expect(answer.headers['allow']).toBe('POST');
      expect(await mount().database.counts()).toEqual(before);
    });

    test.each(describedPaths())('[API-10] %s of the published description is there, with exactly its methods', async (target, methods) => {
      const answer = await send(signed({ target, method: 'DELETE' }));
      expectProblem(answer, 'method_not_allowed');
      expect(answer.headers['allow']?.split(', ').toSorted()).toEqual(methods.toSorted());
    });

    test('[ERR-3] of two faults the one that is checked first is told', async () => {
      const unsigned = (request: RawRequest): RawRequest => ({ ...request, headers: [['Content-Type', 'application/json']] });
      const wrongKeys = createForeignKeys(mount().foreign.keys.kid);
      const cases: readonly (readonly [RawRequest, ErrorCode])[] = [
        [unsigned(signed({ target: `${MESSAGES}/` })), 'bad_request_target'],
        [unsigned(signed({ target: '/federation/v1/rumours', method: 'DELETE' })), 'not_found'],
        [{ ...unsigned(signed({ method: 'PUT' })), headers: [] }, 'method_not_allowed'],
        [unsigned({ ...signed(), body: messageOfLength(MAX_BODY_BYTES + 1) }), 'body_too_large'],
        [{ ...signed(), body: messageOfLength(MAX_BODY_BYTES + 1), headers: [['Content-Type', 'text/plain']] }, 'unsupported_media_type'],
        [signed({ destination: 'b.test', created: secondsAgo(310), keys: wrongKeys }), 'misdirected'],
        [signed({ created: secondsAgo(310), keys: wrongKeys }), 'timestamp_out_of_window'],
        [signed({ body: '{', keys: wrongKeys }), 'signature_invalid'],
        [signed({ body: { ...message(), senderId: 'eve@e.test', recipientServerDomain: 'b.test' } }), 'sender_domain_mismatch'],
        [signed({ body: { ...message(), senderId: 'eve@d.test', recipientServerDomain: 'b.test' } }), 'misdirected'],
      ];
      for (const [request, code] of cases) await expectRefused(request, code);
    });
  });
}
