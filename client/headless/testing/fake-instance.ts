import { sha512 } from '../../../e2ee/strict-nacl.ts';
import { encodeUtf8 } from '../../../e2ee/bytes.ts';
import { webRandomBytes } from '../../../e2ee/random.ts';
import type { JsonObject } from '../../../protocol/json.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { createKeystore } from '../../keystore/keystore.ts';
import { createMemoryLocks } from '../../keystore/locks.ts';
import type { Locks } from '../../keystore/locks.ts';
import type { SecretStore } from '../../keystore/secret-store.ts';
import type { ChatClient } from '../../model.ts';
import type { Fetch } from '../../trpc/instance-client.ts';
import { createChatClient } from '../chat-client.ts';
import type { ClientClock } from '../clock.ts';
import { createCookieJar } from '../cookie-jar.ts';
import type { CookieJar } from '../cookie-jar.ts';
import { createMemorySecretStore } from '../memory-secret-store.ts';
import { fakeProcedures, FakeRefusal } from './fake-procedures.ts';
import type { FakeCaller } from './fake-procedures.ts';
import type { FakeWorld } from './fake-world.ts';

const SESSION = 'session';

/** Creates a client of `domain` in this world, with its own cookies and, unless given, its own empty device. */
export function createFakeWorldClient(
  world: FakeWorld,
  options: { readonly domain: string; readonly clock: ClientClock; readonly store?: SecretStore; readonly locks?: Locks },
): ChatClient {
  const jar = createCookieJar(createFakeFetch(world));
  const random = webRandomBytes;
  return createChatClient({
    baseUrl: `http://${options.domain}`,
    fetch: jar.fetch,
    openSocket(handlers) {
      const userId = userOf(world, jar.header());
      if (userId !== null) world.sockets.set(handlers, userId);
      queueMicrotask(() => (world.socketsUp ? handlers.onOnline() : handlers.onOffline()));
      return () => world.sockets.delete(handlers);
    },
    keystore: createKeystore({ store: options.store ?? createMemorySecretStore(), locks: options.locks ?? createMemoryLocks(), random }),
    // Argon2id has a test of its own; here any function of password and salt does.
    hashPassword: async (password, { salt }) => sha512(encodeUtf8(`${password}\n${salt}`)),
    random,
    clock: options.clock,
  });
}

function createFakeFetch(world: FakeWorld): Fetch {
  return async (text, init = {}) => {
    const url = new URL(text);
    const cookie = new Headers(init.headers).get('cookie') ?? '';
    const caller = { domain: url.host, userId: userOf(world, cookie) };
    if (url.pathname.startsWith('/api/auth/')) return authenticate(world, caller, { url, init });
    const paths = url.pathname.replace('/api/trpc/', '').split(',');
    const isBatch = url.searchParams.has('batch');
    const inputs = JSON.parse(typeof init.body === 'string' ? init.body : (url.searchParams.get('input') ?? '{}'));
    const answers = paths.map((path, index) => call(world, caller, { path, input: (isBatch ? inputs[index] : inputs) ?? {} }));
    return Response.json(isBatch ? answers : answers[0]);
  };
}

function call(world: FakeWorld, caller: FakeCaller, { path, input }: { readonly path: string; readonly input: JsonObject }): object {
  if (takeOne(world.cutBefore, path)) throw new TypeError('fetch failed');
  world.calls.push({ domain: caller.domain, path, input });
  try {
    const procedure = fakeProcedures.get(path);
    if (procedure === undefined) throw new FakeRefusal('not_found', 404);
    const data = procedure(world, caller, input);
    if (takeOne(world.cutAfter, path)) throw new TypeError('fetch failed');
    return { result: { data: JSON.parse(JSON.stringify(data)) } };
  } catch (thrown) {
    if (!(thrown instanceof FakeRefusal)) throw thrown;
    const { code, httpStatus } = thrown;
    return { error: { message: code, code: -32_000, data: { code: code.toUpperCase(), httpStatus, reason: code } } };
  }
}

function authenticate(world: FakeWorld, { domain }: FakeCaller, { url, init }: { readonly url: URL; readonly init: RequestInit }): Response {
  if (url.pathname === '/api/auth/csrf') return Response.json({ csrfToken: 'token' });
  const form = new URLSearchParams(typeof init.body === 'string' ? init.body : '');
  world.calls.push({ domain, path: url.pathname, input: Object.fromEntries(form) });
  if (url.pathname === '/api/auth/signout') {
    return Response.json({}, { headers: { 'set-cookie': `${SESSION}=; Max-Age=0` } });
  }
  const account = [...world.accounts.values()].find(({ userId }) => userId === `${form.get('username')}@${domain}`);
  if (account === undefined || account.authSecret !== form.get('authSecret')) return Response.json({}, { status: 401 });
  const session = String(world.sessions.size + 1);
  world.sessions.set(session, account.userId);
  return Response.json({}, { headers: { 'set-cookie': `${SESSION}=${session}; Path=/; HttpOnly` } });
}

function userOf(world: FakeWorld, cookie: ReturnType<CookieJar['header']>): UserId | null {
  return world.sessions.get(/session=(\d+)/.exec(cookie)?.[1] ?? '') ?? null;
}

function takeOne(counts: Map<string, number>, path: string): boolean {
  const left = counts.get(path) ?? 0;
  counts.set(path, left - 1);
  return left > 0;
}
