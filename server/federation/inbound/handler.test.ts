import { beforeEach, describe, expect, it } from 'vitest';
import { CONVERSATIONS_TARGET } from '../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { changeBodyOf, codeOf, createFixture, MESSAGE_ID, messageBodyOf, PEER } from './testing/handler-fixture.ts';

type Fixture = Awaited<ReturnType<typeof createFixture>>;

const BOB_TARGET = '/federation/v1/users/bob@b.test/public_key';
const SESSION_KEY_TARGET = '/federation/v1/conversations/AAAAAAAAAAAAAAAAAAAAAA:a.test/session_key';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});

describe('what is served', () => {
  it('[API-2] a message reaches the verb without unknown members and is answered 202', async () => {
    const body = messageBodyOf({ unknown: 1 });
    const answer = await fixture.handle(fixture.signed({ body: JSON.stringify(body) }));
    expect(answer.status).toBe(202);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(JSON.parse(answer.body)).toEqual({ status: 'accepted', messageId: MESSAGE_ID });
    expect(fixture.calls).toEqual([['acceptMessages', messageBodyOf(), PEER]]);
  });

  it('[API-2] [API-6] a repeated message is answered 202 as a duplicate', async () => {
    fixture.verbs.acceptMessages = async () => [{ status: 'duplicate', messageId: MESSAGE_ID }];
    const answer = await fixture.handle(fixture.signed());
    expect([answer.status, JSON.parse(answer.body)]).toEqual([202, { status: 'duplicate', messageId: MESSAGE_ID }]);
  });

  it('[API-1] a public key is answered 200 as the verb gives it', async () => {
    const answer = await fixture.handle(fixture.signed({ method: 'GET', target: BOB_TARGET }));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ publicKey: Buffer.alloc(32, 7).toString('base64') });
    expect(fixture.calls).toEqual([['findPublicIdentity', 'bob@b.test']]);
  });

  it('[SIG-11] the body of a GET is hashed and otherwise ignored, whatever its media type', async () => {
    const request = fixture.signed({ method: 'GET', target: BOB_TARGET, body: 'not json' });
    expect(await fixture.outcomeOf({ ...request, headers: [...request.headers, ['Content-Type', 'text/plain']] })).toBe(200);
  });

  it.each([
    ['create', 201],
    ['add_participant', 200],
  ])('[API-3] the action %s is answered %i', async (action, status) => {
    expect(await fixture.outcomeOf(fixture.signed({ target: CONVERSATIONS_TARGET, body: JSON.stringify(changeBodyOf(action)) }))).toBe(status);
    expect(fixture.calls[0]?.[0]).toBe('acceptChange');
  });

  it('[API-6] a repeated create is answered 200', async () => {
    const accept = fixture.verbs.acceptChange;
    fixture.verbs.acceptChange = async (body, origin) => ({ ...(await accept(body, origin)), status: 'duplicate' });
    expect(await fixture.outcomeOf(fixture.signed({ target: CONVERSATIONS_TARGET, body: JSON.stringify(changeBodyOf('create')) }))).toBe(200);
  });

  it('[API-4] a rotated session key is answered 200', async () => {
    const body = JSON.stringify(changeBodyOf('rotate_key'));
    expect(await fixture.outcomeOf(fixture.signed({ method: 'PUT', target: SESSION_KEY_TARGET, body }))).toBe(200);
  });

  it('[API-4] a session key whose path names another conversation is refused', async () => {
    const body = JSON.stringify(changeBodyOf('rotate_key', { conversationId: 'BAAAAAAAAAAAAAAAAAAAAA:a.test' }));
    expect(await fixture.outcomeOf(fixture.signed({ method: 'PUT', target: SESSION_KEY_TARGET, body }))).toBe('invalid_body');
  });

  it('[API-3] leave is answered 200 and reaches the verb with its signature', async () => {
    const leave = changeBodyOf('leave', { participantsToAdd: [], epoch: 3, leaveSignature: Buffer.alloc(64, 3).toString('base64') });
    const answer = await fixture.handle(fixture.signed({ target: CONVERSATIONS_TARGET, body: JSON.stringify(leave) }));
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { status: 'updated', conversationId: leave['conversationId'] }]);
    expect(fixture.calls).toEqual([['acceptChange', leave, PEER]]);
  });

  it('[API-3] leave with a key for anyone, or at the address of session keys, is refused', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ target: CONVERSATIONS_TARGET, body: JSON.stringify(changeBodyOf('leave')) }))).toBe('invalid_body');
    const body = JSON.stringify(changeBodyOf('leave', { participantsToAdd: [] }));
    expect(await fixture.outcomeOf(fixture.signed({ method: 'PUT', target: SESSION_KEY_TARGET, body }))).toBe('invalid_body');
  });
});

describe('the body and the verbs', () => {
  it('[ID-1] capitals in a user name are refused, in the path and in a body', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ method: 'GET', target: '/federation/v1/users/Bob@b.test/public_key' }))).toBe('invalid_body');
    expect(await fixture.outcomeOf(fixture.signed({ body: JSON.stringify(messageBodyOf({ senderId: 'Alice@a.test' })) }))).toBe('invalid_body');
  });

  it('[ERR-1] the first bad member is pointed at', async () => {
    const answer = await fixture.handle(fixture.signed({ body: JSON.stringify(messageBodyOf({ senderId: 'Alice@a.test' })) }));
    expect(JSON.parse(answer.body)).toMatchObject({ pointer: '/senderId' });
  });

  it('[API-1] a user of a domain that is not ours is misdirected', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ method: 'GET', target: '/federation/v1/users/bob@c.test/public_key' }))).toBe('misdirected');
  });

  it.each(['sender_domain_mismatch', 'not_a_member', 'unknown_conversation', 'stale_epoch'] as const)(
    '[ERR-1] a refusal of the verb is answered as %s',
    async (code) => {
      fixture.refusals.error = new ProtocolError(code);
      const answer = await fixture.handle(fixture.signed());
      expect(JSON.parse(answer.body)).toMatchObject({ code, type: `urn:securechat:error:${code}`, status: answer.status, requestId: 'ab'.repeat(16) });
      expect(answer.headers['cache-control']).toBe('no-store');
    },
  );

  it('[API-5] [ERR-1] a stale epoch is answered with the current one', async () => {
    fixture.refusals.error = new ProtocolError('stale_epoch', { currentEpoch: 7 });
    const answer = await fixture.handle(fixture.signed({ target: CONVERSATIONS_TARGET, body: JSON.stringify(changeBodyOf('add_participant', { epoch: 3 })) }));
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'stale_epoch', status: 409, currentEpoch: 7 });
  });

  it.each([
    ['unknown_user', 404],
    ['user_gone', 410],
  ] as const)('[API-1] a user who is %s is answered %i', async (code, status) => {
    fixture.refusals.error = new ProtocolError(code);
    const answer = await fixture.handle(fixture.signed({ method: 'GET', target: BOB_TARGET }));
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  it('[ERR-1] each refusal has a request id of its own, the one in the log', async () => {
    const ids: unknown[] = [];
    for (const _ of [1, 2]) ids.push(JSON.parse((await fixture.handle(fixture.signed({ body: '{}' }))).body).requestId);
    expect(new Set(ids).size).toBe(2);
    expect(fixture.logLines.map((line) => JSON.parse(line).requestId)).toEqual(ids);
  });

  it('[ERR-1] an exception nobody foresaw is 500 without a word of it', async () => {
    fixture.refusals.error = new Error('select secret from table');
    const answer = await fixture.handle(fixture.signed());
    expect([answer.status, codeOf(answer)]).toEqual([500, 'internal_error']);
    expect(answer.body).not.toContain('secret');
  });
});

describe('what a request leaves behind', () => {
  it('[SIG-10] a request that is not authentic leaves no row and wakes nothing', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ signedTarget: CONVERSATIONS_TARGET }))).toBe('signature_invalid');
    expect(fixture.peers.rows.size).toBe(0);
    expect(fixture.wakes.count).toBe(0);
  });

  it('[SIG-10] the log of a refused request holds nothing of its body', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ signedTarget: CONVERSATIONS_TARGET }))).toBe('signature_invalid');
    expect(fixture.logLines).toHaveLength(1);
    expect(fixture.logLines.join('')).not.toContain(Buffer.from('marker-of-the-body').toString('base64'));
  });

  it('[DEL-4] an authentic request stores the key document, counts the peer as alive and wakes its deliveries, once in 5 s', async () => {
    await fixture.handle(fixture.signed());
    fixture.clock.advance(4.9);
    await fixture.handle(fixture.signed());
    expect(fixture.peers.rows.get(PEER)?.keyDocument).toContain('"domain":"a.test"');
    expect([fixture.peers.inbound.length, fixture.wakes.count]).toEqual([1, 1]);
    fixture.clock.advance(0.1);
    await fixture.handle(fixture.signed());
    expect([fixture.peers.inbound.length, fixture.wakes.count]).toEqual([2, 2]);
  });

  it('a peer that cannot be noted is served all the same', async () => {
    fixture.peers.recordInbound = async () => {
      throw new Error('the database is slow');
    };
    expect(await fixture.outcomeOf(fixture.signed())).toBe(202);
  });
});
