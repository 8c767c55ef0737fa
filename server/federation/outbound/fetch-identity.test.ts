import { describe, expect, it } from 'vitest';

import { parseUserId } from '../../../protocol/ids.ts';
import { createFetchRemoteIdentity } from './fetch-identity.ts';
import type { PeerAnswer } from './peer-answer.ts';
import type { PeerRequest } from './peer-client.ts';

const BOB = parseUserId('bob@b.test');
const PUBLIC_KEY = Buffer.alloc(32, 7).toString('base64');

function arrange(answer: PeerAnswer) {
  const sent: PeerRequest[] = [];
  let nowMs = 0;
  const fetchIdentity = createFetchRemoteIdentity({
    peerClient: {
      send: async (request) => {
        sent.push(request);
        return answer;
      },
    },
    clock: { now: () => new Date(nowMs) },
  });
  return { fetchIdentity, sent, advance: (ms: number) => (nowMs += ms) };
}

function success(json: { readonly [name: string]: string }): PeerAnswer {
  return { kind: 'success', status: 200, json };
}
function refused(status: number, code: (PeerAnswer & { kind: 'refused' })['code']): PeerAnswer & { kind: 'refused' } {
  return { kind: 'refused', status, code, permanent: false, retryAfterSeconds: null };
}
function unreachable(reason: (PeerAnswer & { kind: 'unreachable' })['reason']): PeerAnswer {
  return { kind: 'unreachable', reason, detail: '', retryAfterSeconds: null };
}

describe('createFetchRemoteIdentity', () => {
  it('[API-1] asks the user’s own domain', async () => {
    const { fetchIdentity, sent } = arrange(success({ publicKey: PUBLIC_KEY }));
    expect(await fetchIdentity(BOB)).toEqual({ kind: 'found', identity: { publicKey: PUBLIC_KEY } });
    expect(sent).toEqual([{ destination: 'b.test', method: 'GET', target: '/federation/v1/users/bob@b.test/public_key' }]);
  });

  it.each([
    { answer: success({ publicKey: 'short' }), kind: 'server_silent' },
    { answer: success({ publicKey: PUBLIC_KEY, userId: 'eve@b.test' }), kind: 'server_silent' },
    { answer: unreachable('no_such_domain'), kind: 'no_such_server' },
    { answer: unreachable('peer_does_not_federate'), kind: 'no_such_server' },
    { answer: unreachable('connect_failed'), kind: 'server_silent' },
    { answer: unreachable('bad_answer'), kind: 'server_silent' },
    { answer: unreachable('answer_not_authentic'), kind: 'server_silent' },
    { answer: unreachable('key_document_unavailable'), kind: 'server_silent' },
    { answer: refused(421, 'misdirected'), kind: 'server_silent' },
    { answer: { ...refused(421, 'misdirected'), permanent: true }, kind: 'refused' },
    { answer: refused(404, 'unknown_user'), kind: 'no_such_user' },
    { answer: refused(410, 'user_gone'), kind: 'user_gone' },
    { answer: refused(403, 'domain_blocked'), kind: 'refused' },
    { answer: refused(503, 'unavailable'), kind: 'server_silent' },
    { answer: refused(403, null), kind: 'server_silent' },
  ])('[API-1] $answer is told as $kind', async ({ answer, ...outcome }) => {
    expect(await arrange(answer).fetchIdentity(BOB)).toEqual(outcome);
  });

  it('remembers what was found for 60 s', async () => {
    const { fetchIdentity, sent, advance } = arrange(success({ publicKey: PUBLIC_KEY }));
    await fetchIdentity(BOB);
    advance(59_999);
    await fetchIdentity(BOB);
    expect(sent.length).toBe(1);
    advance(1);
    await fetchIdentity(BOB);
    expect(sent.length).toBe(2);
  });

  it('does not remember a failure', async () => {
    const { fetchIdentity, sent } = arrange(refused(404, 'unknown_user'));
    await fetchIdentity(BOB);
    await fetchIdentity(BOB);
    expect(sent.length).toBe(2);
  });

  it('shares one request among lookups at the same time', async () => {
    const { fetchIdentity, sent } = arrange(refused(404, 'unknown_user'));
    await Promise.all([fetchIdentity(BOB), fetchIdentity(BOB)]);
    expect(sent.length).toBe(1);
  });
});
