import { beforeEach, describe, expect, it } from 'vitest';
import { BATCH_TARGET, CONVERSATIONS_TARGET, EVENTS_TARGET, HELLO_TARGET, mediaTarget, MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import type { FederationAnswer } from './federation-exchange.ts';
import { changeBodyOf, codeOf, createFixture, eventOf, MESSAGE_ID, messageBodyOf, PEER } from './testing/handler-fixture.ts';

type Fixture = Awaited<ReturnType<typeof createFixture>>;
interface Item {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const HERE = 'AAAAAAAAAAAAAAAAAAAAAA:a.test';
const THERE = 'BAAAAAAAAAAAAAAAAAAAAA:a.test';
const SESSION_KEY_TARGET = `/federation/v1/conversations/${HERE}/session_key`;

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});

const messageIn = (conversationId: string, id = 'm'): Item => ({ id, method: 'POST', path: MESSAGES_TARGET, body: messageBodyOf({ conversationId }) });
const changeIn = (conversationId: string, id = 'c'): Item => ({ id, method: 'POST', path: CONVERSATIONS_TARGET, body: changeBodyOf('create', { conversationId }) });
const eventsIn = (conversationId: string, id = 'e'): Item => ({ id, method: 'POST', path: EVENTS_TARGET, body: { events: [eventOf('typing', { conversationId })] } });

const send = (items: unknown): Promise<FederationAnswer> => fixture.handle(fixture.signed({ target: BATCH_TARGET, body: JSON.stringify({ items }) }));

async function resultsOf(...items: Item[]): Promise<{ id: string; status: number; body: Record<string, unknown> }[]> {
  const answer = await send(items);
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body).results;
}

/** What each item came to: its code where it is refused, else its status. */
async function outcomesOf(...items: Item[]): Promise<unknown[]> {
  return (await resultsOf(...items)).map(({ status, body }) => body['code'] ?? status);
}

/** Lets the verbs refuse what concerns one conversation. */
function refuseIn(conversationId: string, error: Error): void {
  const { acceptMessages, acceptChange } = fixture.verbs;
  // What is a verdict on one message leaves the others of the run alone; a fault of the store is one of all of them.
  if (error instanceof ProtocolError) fixture.refusals.ofMessage = (body) => (body.conversationId === conversationId ? error : null);
  fixture.verbs.acceptMessages = async (bodies, origin, ticket) => {
    if (!(error instanceof ProtocolError) && bodies.some((body) => body.conversationId === conversationId)) throw error;
    return acceptMessages(bodies, origin, ticket);
  };
  fixture.verbs.acceptChange = async (body, origin) => {
    if (body.conversationId === conversationId) throw error;
    return acceptChange(body, origin);
  };
}

describe('the items of a batch', () => {
  it('[API-7] reach their verbs in order and are answered one by one as single requests are', async () => {
    const items = [
      changeIn(HERE, '1'),
      messageIn(HERE, '2'),
      { id: '3', method: 'PUT', path: SESSION_KEY_TARGET, body: changeBodyOf('rotate_key') },
      eventsIn(HERE, 'the fourth'),
    ];
    const answer = await send(items);
    expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([200, 'application/json', 'no-store']);
    expect(JSON.parse(answer.body)).toEqual({
      results: [
        { id: '1', status: 201, body: { status: 'created', conversationId: HERE } },
        { id: '2', status: 202, body: { status: 'accepted', messageId: MESSAGE_ID } },
        { id: '3', status: 200, body: { status: 'updated', conversationId: HERE } },
        { id: 'the fourth', status: 202, body: { status: 'accepted' } },
      ],
    });
    expect(fixture.calls.map(([verb]) => verb)).toEqual(['acceptChange', 'acceptMessages', 'acceptChange', 'acceptEvents']);
    expect(fixture.calls.map((call) => call[2])).toEqual([PEER, PEER, PEER, PEER]);
  });

  it('[API-7] may be none, or have one id', async () => {
    expect(await resultsOf()).toEqual([]);
    expect((await resultsOf(messageIn(HERE, 'x'), messageIn(THERE, 'x'))).map(({ id, status }) => [id, status])).toEqual([['x', 202], ['x', 202]]);
  });

  it('[API-10] reach their verbs without unknown members', async () => {
    await resultsOf({ ...messageIn(HERE), body: messageBodyOf({ unknown: 1 }) });
    expect(fixture.calls).toEqual([['acceptMessages', messageBodyOf(), PEER]]);
  });

  it('[API-7] [ERR-1] that are refused have problems, each with a request id of its own', async () => {
    const results = await resultsOf({ ...messageIn(HERE), body: messageBodyOf({ senderId: 'Alice@a.test' }) }, { ...messageIn(HERE), path: '/x' });
    expect(results.map(({ status, body }) => [status, body['status'], body['code'], body['pointer'], body['type']])).toEqual([
      [400, 400, 'invalid_body', '/senderId', 'urn:securechat:error:invalid_body'],
      [404, 404, 'not_found', undefined, 'urn:securechat:error:not_found'],
    ]);
    const requestIds = results.map(({ body }) => String(body['requestId']));
    expect(new Set(requestIds).size).toBe(2);
    for (const requestId of requestIds) expect(requestId).toMatch(/^[A-Za-z0-9-]{16,64}$/);
  });

  it.each<[string, Partial<Item>]>([
    ['bad_request_target', { path: `${MESSAGES_TARGET}/` }],
    ['bad_request_target', { path: `${MESSAGES_TARGET}?x=1` }],
    ['bad_request_target', { path: `https://b.test${MESSAGES_TARGET}` }],
    ['bad_request_target', { path: '' }],
    ['not_found', { path: '/messages' }],
    ['not_found', { path: BATCH_TARGET, body: { items: [] } }],
    ['not_found', { path: HELLO_TARGET, body: {} }],
    ['not_found', { method: 'GET', path: '/federation/v1/users/bob@b.test/public_key' }],
    ['not_found', { method: 'GET', path: mediaTarget('AAECAwQFBgcICQoLDA0ODw') }],
    ['method_not_allowed', { method: 'GET' }],
    ['method_not_allowed', { method: 'post' }],
    ['method_not_allowed', { path: SESSION_KEY_TARGET }],
    ['invalid_body', { body: null }],
    ['invalid_body', { body: [] }],
    ['invalid_body', { method: 'PUT', path: SESSION_KEY_TARGET, body: changeBodyOf('rotate_key', { conversationId: THERE }) }],
    ['invalid_body', { path: EVENTS_TARGET, body: { events: [eventOf('waved')] } }],
  ])('[API-7] [ERR-3] are refused alone: %s for %j', async (code, changes) => {
    expect(await outcomesOf({ ...messageIn(HERE), ...changes }, messageIn(THERE))).toEqual([code, 202]);
    expect(fixture.calls).toHaveLength(1);
  });

  it('[ERR-3] are checked for target, route, method, size and schema in this order', async () => {
    const spoilt = { id: 'x', method: 'GET', body: ['x'.repeat(262_144)] };
    expect(await outcomesOf({ ...spoilt, path: '/x/' }, { ...spoilt, path: '/x' }, { ...spoilt, path: MESSAGES_TARGET })).toEqual(['bad_request_target', 'not_found', 'method_not_allowed']);
    expect(await outcomesOf({ ...spoilt, method: 'POST', path: MESSAGES_TARGET })).toEqual(['body_too_large']);
  });

  it('[API-7] [SIG-11] have at most 262 144 bytes each, written without blanks', async () => {
    const fill = (bytes: number): Item => {
      const rest = Buffer.byteLength(JSON.stringify(messageBodyOf({ unknown: '' })));
      return { ...messageIn(HERE), body: messageBodyOf({ unknown: 'x'.repeat(bytes - rest) }) };
    };
    expect(await outcomesOf(fill(262_144))).toEqual([202]);
    expect(await outcomesOf(fill(262_145))).toEqual(['body_too_large']);
  });
});

describe('after an item that failed', () => {
  const transient: readonly [string, Error][] = [
    ['unavailable', new ProtocolError('unavailable')],
    ['internal_error', new Error('select secret from table')],
    ['unknown_conversation', new ProtocolError('unknown_conversation')],
  ];

  it.each(transient)('[API-7] [ERR-4] with %s, which is tried again, later items of its conversation are 503 and no others', async (code, error) => {
    refuseIn(HERE, error);
    const results = await resultsOf(messageIn(THERE), messageIn(HERE), messageIn(THERE), changeIn(HERE), messageIn(HERE), messageIn(THERE));
    expect(results.map(({ status, body }) => body['code'] ?? status)).toEqual([202, code, 202, 'unavailable', 'unavailable', 202]);
    expect(results[3]?.status).toBe(503);
    expect(JSON.stringify(results)).not.toContain('secret');
    expect(fixture.calls.map(([, body]) => body)).toEqual([THERE, THERE, THERE].map((conversationId) => messageBodyOf({ conversationId })));
  });

  it.each(['sender_domain_mismatch', 'not_a_member', 'message_id_conflict', 'stale_epoch', 'user_gone', 'invalid_body'] as const)(
    '[API-7] [ERR-4] for good with %s, nothing is held back',
    async (code) => {
      const refusals = [new ProtocolError(code)];
      fixture.refusals.ofMessage = () => refusals.pop() ?? null;
      expect(await outcomesOf(messageIn(HERE), messageIn(HERE))).toEqual([code, 202]);
    },
  );

  it('[API-7] before any verb, later items of its conversation are 503 where it is tried again', async () => {
    expect(await outcomesOf({ ...messageIn(HERE), path: '/federation/v1/nothing' }, messageIn(HERE), messageIn(THERE))).toEqual(['not_found', 'unavailable', 202]);
  });

  it('[API-7] events neither hold back nor are held back: they name conversations one by one', async () => {
    fixture.verbs.acceptEvents = async () => {
      throw new Error('gone');
    };
    expect(await outcomesOf(eventsIn(HERE), messageIn(HERE))).toEqual(['internal_error', 202]);
    fixture = await createFixture();
    refuseIn(HERE, new ProtocolError('unavailable'));
    expect(await outcomesOf(messageIn(HERE), eventsIn(HERE))).toEqual(['unavailable', 202]);
  });

  it('[API-7] the next batch begins anew', async () => {
    refuseIn(HERE, new ProtocolError('unavailable'));
    await resultsOf(messageIn(HERE));
    fixture.refusals.ofMessage = () => null;
    expect(await outcomesOf(messageIn(HERE))).toEqual([202]);
  });
});

describe('a batch as a whole', () => {
  it.each<[string, unknown, string]>([
    ['items that are no list', {}, '/items'],
    ['101 items', Array.from({ length: 101 }, () => messageIn(HERE)), '/items'],
    ['an item without id', [messageIn(HERE), { ...messageIn(HERE), id: undefined }], '/items/1/id'],
    ['an item without body', [{ ...messageIn(HERE), body: undefined }], '/items/0/body'],
  ])('[API-7] with %s is refused before any of it is done', async (_, items, pointer) => {
    const answer = await send(items);
    expect([answer.status, JSON.parse(answer.body).code, JSON.parse(answer.body).pointer]).toEqual([400, 'invalid_body', pointer]);
    expect(fixture.calls).toEqual([]);
  });

  it.each(['[]', 'null', '{}'])('[API-7] of %s is refused', async (body) => {
    expect(codeOf(await fixture.handle(fixture.signed({ target: BATCH_TARGET, body })))).toBe('invalid_body');
  });

  it('[API-7] [API-10] counts as one request, whatever it holds', async () => {
    fixture = await createFixture({ rateLimits: { requestBurst: 2, requestsPerSecond: 0.001 } });
    const hundred = Array.from({ length: 100 }, () => messageIn(HERE));
    expect(new Set(await outcomesOf(...hundred))).toEqual(new Set([202]));
    expect(new Set(await outcomesOf(...hundred))).toEqual(new Set([202]));
    const answer = await send(hundred);
    expect([codeOf(answer), answer.headers['retry-after'] === undefined]).toEqual(['rate_limited', false]);
    expect(fixture.calls).toHaveLength(200);
  });

  it('[SIG-12] may open 19 arrays and objects, 16 within an item, and no more', async () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const batch = (depth: number): string => `{"items":[{"id":"1","method":"POST","path":"${MESSAGES_TARGET}","body":${nested(depth)}}]}`;
    const sent = async (body: string) => fixture.handle(fixture.signed({ target: BATCH_TARGET, body }));
    expect(JSON.parse((await sent(batch(16))).body).results[0].body.code).toBe('invalid_body');
    expect(codeOf(await sent(batch(17)))).toBe('invalid_json');
    expect(codeOf(await fixture.handle(fixture.signed({ body: `{"a":${nested(16)}}` })))).toBe('invalid_json');
  });

  it('[SIG-11] has at most 1 048 576 bytes', async () => {
    const text = JSON.stringify({ items: [messageIn(HERE)] });
    const sent = async (bytes: number) => fixture.outcomeOf(fixture.signed({ target: BATCH_TARGET, body: text.padEnd(bytes, ' ') }));
    expect(await sent(1_048_576)).toBe(200);
    expect(await sent(1_048_577)).toBe('body_too_large');
  });

  it('[SIG-10] [ERR-1] leaves nothing of its items in the log', async () => {
    refuseIn(HERE, new ProtocolError('unavailable'));
    await resultsOf(messageIn(HERE, 'a-marked-id'), { ...messageIn(HERE), method: 'MARKED', path: '/marked' }, messageIn(HERE));
    const log = fixture.logLines.join('');
    expect(log).toContain('"item":2');
    expect(log.toLowerCase()).not.toContain('marked');
    expect(log).not.toContain(Buffer.from('marker-of-the-body').toString('base64'));
  });
});
