import { webRandomBytes } from '../../e2ee/random.ts';
import { splitPasswordHash } from '../../e2ee/vault.ts';
import { createChatClient } from '../../client/headless/chat-client.ts';
import { createSystemClock } from '../../client/headless/clock.ts';
import { createCookieJar } from '../../client/headless/cookie-jar.ts';
import { createMemorySecretStore } from '../../client/headless/memory-secret-store.ts';
import { hashPassword } from '../../client/keystore/argon2.ts';
import { createKeystore } from '../../client/keystore/keystore.ts';
import type { OpenAccount } from '../../client/keystore/keystore.ts';
import { createMemoryLocks } from '../../client/keystore/locks.ts';
import type { ChatClient } from '../../client/model.ts';
import { createSocketOpener } from '../../client/realtime/realtime-socket.ts';

/** The real client with its insides open: what it keeps secret, and what it told its server. */
export interface KnownClient {
  readonly client: ChatClient;
  /** Every request to the own server: method, URL, headers, body. */
  requests(): string;
  /** The cookies as they are now. */
  cookies(): string;
  /** What was derived from the password: only the first of the two is for the server. */
  derived(): { readonly authSecret: Uint8Array; readonly wrappingKey: Uint8Array };
  account(): Promise<OpenAccount>;
}

/** Creates a signed-out client of the instance at `baseUrl`. */
export function createKnownClient(baseUrl: string): KnownClient {
  const requests: string[] = [];
  let derived: Awaited<ReturnType<typeof splitPasswordHash>> | null = null;
  const jar = createCookieJar((url, init = {}) => {
    const headers = [...new Headers(init.headers)].map(([name, value]) => `${name}: ${value}`);
    requests.push([`${init.method ?? 'GET'} ${url}`, ...headers, '', typeof init.body === 'string' ? init.body : ''].join('\n'));
    return fetch(url, init);
  });
  const keystore = createKeystore({ store: createMemorySecretStore(), locks: createMemoryLocks(), random: webRandomBytes });
  const client = createChatClient({
    baseUrl,
    fetch: jar.fetch,
    openSocket: createSocketOpener({ baseUrl, headers: () => ({ cookie: jar.header() }) }),
    keystore,
    hashPassword: async (password, hashing) => {
      const hash = await hashPassword(password, hashing);
      derived = await splitPasswordHash(hash);
      return hash;
    },
    random: webRandomBytes,
    clock: createSystemClock(),
  });
  return {
    client,
    requests: () => requests.join('\n\n'),
    cookies: () => jar.header(),
    derived() {
      if (derived === null) throw new Error('no password was hashed');
      return derived;
    },
    async account() {
      const account = await keystore.findAccount();
      if (account === null) throw new Error('nobody is signed in');
      return account;
    },
  };
}
