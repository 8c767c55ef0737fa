import { webRandomBytes } from '../../e2ee/random.ts';
import { hashPassword } from '../keystore/argon2.ts';
import { createKeystore } from '../keystore/keystore.ts';
import { createMemoryLocks } from '../keystore/locks.ts';
import type { ChatClient } from '../model.ts';
import { createSocketOpener } from '../realtime/realtime-socket.ts';
import { createChatClient } from './chat-client.ts';
import { createSystemClock } from './clock.ts';
import { createCookieJar } from './cookie-jar.ts';
import { createMemorySecretStore } from './memory-secret-store.ts';

/** Creates a client for Node whose secrets and cookies end with the process; `baseUrl` is the instance's origin. */
export function createNodeChatClient(baseUrl: string): ChatClient {
  const jar = createCookieJar(fetch);
  const random = webRandomBytes;
  return createChatClient({
    baseUrl,
    fetch: jar.fetch,
    openSocket: createSocketOpener({ baseUrl, headers: () => ({ cookie: jar.header() }) }),
    keystore: createKeystore({ store: createMemorySecretStore(), locks: createMemoryLocks(), random }),
    hashPassword,
    random,
    clock: createSystemClock(),
  });
}
