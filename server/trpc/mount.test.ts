import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DomainError } from '../domain/domain-error.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { alice, dave, registrationOf } from '../domain/testing/people.ts';
import { createTrpcNodeHandler, handleTrpcRequest, TRPC_PREFIX } from './mount.ts';
import type { TrpcRequest } from './mount.ts';
import type { TrpcContext } from './context.ts';
import { arrangeServices } from './testing/arrange-services.ts';

type Arranged = Awaited<ReturnType<typeof arrangeServices>>;

let arranged: Arranged;
let signedIn: TrpcContext['signedIn'];
let failure: Error | null;
let asked: TrpcRequest[];
let logged: string[];

const logger = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });

beforeAll(async () => {
  arranged = await arrangeServices();
  ({ signedIn } = await arranged.signUp(alice));
});
beforeEach(() => {
  failure = null;
  [asked, logged] = [[], []];
});
afterAll(() => arranged.stores.stop());

/** Gives everybody who brings a cookie alice's session, and lets the vault fail as a test wishes. */
async function createContext(request: TrpcRequest): Promise<TrpcContext> {
  asked.push(request);
  const { services } = arranged;
  const vault = (userId: typeof alice) => (failure === null ? services.accounts.vault(userId) : Promise.reject(failure));
  const context = arranged.contextOf(request.cookieHeader === '' ? null : signedIn, { fromClient: request.fromClient });
  return { ...context, services: { ...services, accounts: { ...services.accounts, vault } } };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly error: { readonly message: string; readonly data: object } | undefined;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, text, error: JSON.parse(text).error };
}

const headers = { cookie: 'session', 'content-type': 'application/json', 'x-securechat-client': '1' };
const mutation = (path: string, body: object, overrides: Readonly<Record<string, string>> = {}): Request =>
  new Request(`http://a.test${TRPC_PREFIX}/${path}`, { method: 'POST', headers: { ...headers, ...overrides }, body: JSON.stringify(body) });
const query = (path: string): Request => new Request(`http://a.test${TRPC_PREFIX}/${path}`, { headers });

/** Two mounts, one behaviour: as a route of a function platform and on a Node listener. */
const mounts = {
  fetch: async (request: Request) => answerOf(await handleTrpcRequest(request, { createContext, sourceAddress: '192.0.2.1', logger })),
  async node(request: Request) {
    const handle = createTrpcNodeHandler({ createContext, sourceAddressOf: () => '192.0.2.1', logger });
    const server = createServer((incoming, response) => void handle(incoming, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { pathname, search } = new URL(request.url);
      const { port } = server.address() as AddressInfo;
      const body = request.method === 'POST' ? { body: await request.text() } : {};
      return await answerOf(await fetch(`http://127.0.0.1:${port}${pathname}${search}`, { method: request.method, headers: request.headers, ...body }));
    } finally {
      server.close();
      server.closeAllConnections();
    }
  },
};

describe.each(['fetch', 'node'] as const)('mounted by %s', (mount) => {
  const call = mounts[mount];

  test('a procedure learns cookie, source and whether our client asks', async () => {
    expect((await call(query('account.me'))).status).toBe(200);
    expect(asked).toEqual([{ cookieHeader: 'session', sourceAddress: '192.0.2.1', fromClient: true }]);
  });

  test('without a session the answer is 401 with its reason', async () => {
    const request = query('account.me');
    request.headers.delete('cookie');
    expect(await call(request)).toMatchObject({ status: 401, error: { message: 'UNAUTHORIZED', data: { code: 'UNAUTHORIZED', httpStatus: 401, reason: 'unauthorized' } } });
  });

  test('a mutation without the header of the client is 403', async () => {
    const request = mutation('account.saveVault', {});
    request.headers.delete('x-securechat-client');
    expect(await call(request)).toMatchObject({ status: 403, error: { data: { reason: 'forbidden' } } });
  });

  test('an error of the domain carries its closed code and its sentence', async () => {
    failure = new DomainError('vault_changed');
    expect(await call(query('account.vault'))).toMatchObject({ status: 409, error: { message: failure.message, data: { reason: 'vault_changed' } } });
    expect(logged).toEqual([]);
  });

  test('an error of the protocol carries its registered code', async () => {
    failure = new ProtocolError('unknown_conversation');
    expect(await call(query('account.vault'))).toMatchObject({ status: 404, error: { data: { reason: 'unknown_conversation' } } });
  });

  test.each([
    ['not_found', 404],
    ['user_gone', 404],
    ['not_a_member', 403],
    ['stale_epoch', 409],
    ['body_too_large', 413],
    ['invalid_body', 400],
    ['misdirected', 400],
    ['unavailable', 503],
  ] as const)('%s is answered %i', async (code, status) => {
    failure = new ProtocolError(code);
    expect(await call(query('account.vault'))).toMatchObject({ status, error: { data: { reason: code } } });
  });

  test('what nobody foresaw is 500 without a word of it, and logged without the input', async () => {
    failure = new Error('an inner secret');
    const answer = await call(query('account.vault'));
    expect(answer).toMatchObject({ status: 500, error: { message: 'INTERNAL_SERVER_ERROR', data: { reason: 'internal_server_error' } } });
    expect(answer.text).not.toContain('secret');
    expect(Object.keys(answer.error?.data ?? {}).toSorted()).toEqual(['code', 'httpStatus', 'reason']);
    expect(logged).toHaveLength(1);
  });

  test('bad input is 400 without an echo of it', async () => {
    const { username, ...rest } = registrationOf(dave);
    const answer = await call(mutation('account.register', { ...rest, username: `${username} hunter2`, authSecret: 'hunter2' }));
    expect(answer).toMatchObject({ status: 400, error: { message: 'BAD_REQUEST', data: { reason: 'bad_request' } } });
    expect(answer.text).not.toContain('hunter2');
    expect(logged.join()).not.toContain('hunter2');
  });

  test('no procedure of a name is 404', async () => {
    expect((await call(query('account.everything'))).status).toBe(404);
  });
});
