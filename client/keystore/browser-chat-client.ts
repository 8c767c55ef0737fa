import { webRandomBytes } from '../../e2ee/random.ts';
import { createChatClient } from '../headless/chat-client.ts';
import { createSystemClock } from '../headless/clock.ts';
import type { ChatClient } from '../model.ts';
import { createConnectionOpener } from '../realtime/realtime-connection.ts';
import { createSocketOpener } from '../realtime/realtime-socket.ts';
import { createStreamOpener } from '../realtime/realtime-stream.ts';
import { hashPassword } from './argon2.ts';
import { createBrowserLocks } from './browser-locks.ts';
import { createBrowserSecretStore } from './browser-secret-store.ts';
import { createKeystore } from './keystore.ts';

/** Creates the client of this browser for the instance that served the page. */
export function createBrowserChatClient(): ChatClient {
  const random = webRandomBytes;
  const instance = location.host;
  const clock = createSystemClock();
  return createChatClient({
    baseUrl: '',
    fetch: (url, init) => fetch(url, init),
    openSocket: createConnectionOpener({
      openSocket: createSocketOpener({ baseUrl: '' }),
      openStream: createStreamOpener({ baseUrl: '', EventSource, clock }),
      schedule: clock.schedule,
    }),
    keystore: createKeystore({
      store: createBrowserSecretStore({ instance, random }),
      locks: createBrowserLocks(`securechat-${instance}`),
      random,
    }),
    hashPassword,
    random,
    clock,
  });
}
