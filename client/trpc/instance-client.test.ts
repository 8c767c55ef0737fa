import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseUserId } from '../../protocol/ids.ts';
import { createInstanceClient } from './instance-client.ts';
import { callInstance } from './instance-error.ts';

const ORIGIN = 'https://a.test';
const server = setupServer();
const api = createInstanceClient({ baseUrl: ORIGIN, fetch: (url, init) => fetch(url, init) });

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

/** Answers every procedure of a batch with the same error. */
function refuseWith(httpStatus: number, reason: string): void {
  const error = { message: 'no', code: -32_000, data: { code: 'X', httpStatus, reason } };
  server.use(http.get(`${ORIGIN}/api/trpc/*`, () => HttpResponse.json([{ error }], { status: httpStatus })));
}

describe('what goes wrong between the browser and its own server', () => {
  it.each([
    { httpStatus: 409, reason: 'stale_epoch', code: 'stale_epoch' },
    { httpStatus: 403, reason: 'not_owner_domain', code: 'not_permitted' },
    { httpStatus: 401, reason: 'unauthorized', code: 'signed_out' },
    { httpStatus: 429, reason: 'rate_limited', code: 'rate_limited' },
    { httpStatus: 500, reason: 'internal_server_error', code: 'server_error' },
  ])('$httpStatus $reason becomes $code', async ({ httpStatus, reason, code }) => {
    refuseWith(httpStatus, reason);
    await expect(callInstance(api.conversations.list.query())).rejects.toMatchObject({ code, reason });
  });

  it('the challenge page of a proxy is no word of the server: the client counts as offline', async () => {
    server.use(http.get(`${ORIGIN}/api/trpc/*`, () => HttpResponse.html('<h1>Just a moment…</h1>', { status: 403 })));
    await expect(callInstance(api.conversations.list.query())).rejects.toMatchObject({ code: 'offline' });
  });

  it('a connection that breaks counts as offline', async () => {
    server.use(http.get(`${ORIGIN}/api/trpc/*`, () => HttpResponse.error()));
    await expect(callInstance(api.conversations.list.query())).rejects.toMatchObject({ code: 'offline' });
  });
});

describe('what the client sends', () => {
  it('carries the header that no page of another origin can add unasked', async () => {
    let header: string | null = null;
    server.use(
      http.get(`${ORIGIN}/api/trpc/*`, ({ request }) => {
        header = request.headers.get('x-securechat-client');
        return HttpResponse.json([{ result: { data: [] } }]);
      }),
    );
    expect(await callInstance(api.conversations.list.query())).toEqual([]);
    expect(header).toBe('1');
  });

  it('asks for a person apart from everything else, so that a silent server of theirs holds nothing back', async () => {
    const paths: string[] = [];
    server.use(
      http.get(`${ORIGIN}/api/trpc/*`, ({ request }) => {
        const { pathname } = new URL(request.url);
        paths.push(pathname.slice('/api/trpc/'.length));
        const answer = { result: { data: [] } };
        return HttpResponse.json(pathname.endsWith('lookup') ? answer : [answer, answer]);
      }),
    );
    const asked = [api.conversations.list.query(), api.contacts.lookup.query({ userId: parseUserId('bob@b.test') }), api.account.sessions.query()];
    await Promise.all(asked);
    expect(paths.toSorted()).toEqual(['contacts.lookup', 'conversations.list,account.sessions']);
  });
});
