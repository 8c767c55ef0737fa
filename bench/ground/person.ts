import { createHash } from 'node:crypto';
import { createChatClient } from '../../client/headless/chat-client.ts';
import { createSystemClock } from '../../client/headless/clock.ts';
import { createCookieJar } from '../../client/headless/cookie-jar.ts';
import { createMemorySecretStore } from '../../client/headless/memory-secret-store.ts';
import { createKeystore } from '../../client/keystore/keystore.ts';
import { createMemoryLocks } from '../../client/keystore/locks.ts';
import type { ChatClient } from '../../client/model.ts';
import { webRandomBytes } from '../../e2ee/random.ts';

/** Somebody with an account and a session. */
export interface Person {
  readonly userId: string;
  /** The origin of their instance. */
  readonly url: string;
  /** The `Cookie` header of their session. */
  readonly cookie: string;
  /** Their client, without a socket: for what happens before the measuring. */
  readonly chat: ChatClient;
}

/** Registers a person by the real client, with real keys; only the password's hash is a cheap one, as it is not measured. */
export async function registerPerson(url: string, username: string): Promise<Person> {
  const jar = createCookieJar(fetch);
  const random = webRandomBytes;
  const chat = createChatClient({
    baseUrl: url,
    fetch: jar.fetch,
    openSocket: () => () => undefined,
    keystore: createKeystore({ store: createMemorySecretStore(), locks: createMemoryLocks(), random }),
    hashPassword: async (password, { salt }) => createHash('sha512').update(`${salt} ${password}`).digest(),
    random,
    clock: createSystemClock(),
  });
  const { userId } = await chat.account.register({ username, password: 'a long enough password' });
  return { userId, url, cookie: jar.header(), chat };
}
