import { webRandomBytes } from '../../e2ee/random.ts';
import { createChatClient } from '../headless/chat-client.ts';
import { createSystemClock } from '../headless/clock.ts';
import type { ChatClient } from '../model.ts';
import { createSocketOpener } from '../realtime/realtime-socket.ts';
import { hashPassword } from './argon2.ts';
import { createBrowserLocks } from './browser-locks.ts';
import { createBrowserSecretStore } from './browser-secret-store.ts';
import { createKeystore } from './keystore.ts';

/** Creates the client of this browser for the instance that served the page. */
export function createBrowserChatClient(): ChatClient {
  const random = webRandomBytes;
  const instance = location.host;
  return createChatClient({
    baseUrl: '',
    fetch: (url, init) => fetch(url, init),
    openSocket: createSocketOpener({ baseUrl: '' }),
    keystore: createKeystore({
      store: createBrowserSecretStore({ instance, random }),
      locks: createBrowserLocks(`securechat-${instance}`),
      random,
    }),
    hashPassword,
    random,
    clock: createSystemClock(),
  });
}
