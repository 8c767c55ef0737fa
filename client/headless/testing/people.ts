import type { SecretStore } from '../../keystore/secret-store.ts';
import type { ChatClient, ClientEvent, MessageView } from '../../model.ts';
import { createFakeClock } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';
import { createFakeWorldClient } from './fake-instance.ts';
import { createFakeWorld } from './fake-world.ts';
import type { FakeConversation, FakeWorld } from './fake-world.ts';

/** A world with one clock, where people register and sign in. */
export interface People {
  readonly world: FakeWorld;
  readonly clock: FakeClock;
  /** A signed-out client of the person's domain. */
  device(userId: string, store?: SecretStore): ChatClient;
  register(userId: string): Promise<ChatClient>;
  signIn(userId: string, store?: SecretStore): Promise<ChatClient>;
  conversation(conversationId: string): FakeConversation;
}

/** The password of everybody here; no server may ever see it. */
export const PASSWORD = 'correct horse battery staple';

/** Creates a world without people, at noon. */
export function createPeople(): People {
  const world = createFakeWorld();
  const clock = createFakeClock(new Date('2026-11-22T12:00:00.000Z'));
  const split = (userId: string) => {
    const [username = '', domain = ''] = userId.split('@');
    return { username, domain };
  };
  const device: People['device'] = (userId, store) =>
    createFakeWorldClient(world, { domain: split(userId).domain, clock, ...(store === undefined ? {} : { store }) });
  return {
    world,
    clock,
    device,
    async register(userId) {
      const client = device(userId);
      await client.account.register({ username: split(userId).username, password: PASSWORD });
      return client;
    },
    async signIn(userId, store) {
      const client = device(userId, store);
      await client.account.signIn({ username: split(userId).username, password: PASSWORD });
      return client;
    },
    conversation(conversationId) {
      const found = world.conversations.get(conversationId);
      if (found === undefined) throw new Error('no such conversation in this world');
      return found;
    },
  };
}

/** The texts of a timeline, in order; what cannot be read by its reason in brackets. */
export async function textsOf(client: ChatClient, conversationId: string): Promise<readonly string[]> {
  const { messages } = await client.messages.list(conversationId);
  return messages.map(wordsOf);
}

/** The text of a message, or the reason in brackets. */
export function wordsOf({ body }: MessageView): string {
  return body.kind === 'text' ? body.text : `[${body.reason}]`;
}

/** Resolves with the first event from now on that fits. */
export function nextEvent(client: ChatClient, fits: (event: ClientEvent) => boolean): Promise<ClientEvent> {
  return new Promise((resolve) => {
    const stop = client.subscribe((event) => {
      if (!fits(event)) return;
      stop();
      resolve(event);
    });
  });
}

/** Lets second after second pass until something is done. */
export async function asTimePasses<Value>({ clock }: People, task: Promise<Value>): Promise<Value> {
  const progress = { done: false };
  const end = (): void => void (progress.done = true);
  task.then(end, end);
  while (!progress.done) {
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return task;
}
