import { setTimeout as delay } from 'node:timers/promises';
import type { Person } from './person.ts';

/** A conversation of two people on two domains, accepted by the one who receives. */
export interface Conversation {
  readonly conversationId: string;
  readonly sender: Person;
  readonly receiver: Person;
}

const POLL_MS = 50;
const PATIENCE_MS = 30_000;

/** Founds a conversation by the real client and accepts it on the other side, once it has come there. */
export async function openConversation(sender: Person, receiver: Person): Promise<Conversation> {
  const { conversationId } = await sender.chat.conversations.open([receiver.userId]);
  const endsAtMs = performance.now() + PATIENCE_MS;
  while (!(await receiver.chat.conversations.list()).some((one) => one.conversationId === conversationId)) {
    if (performance.now() > endsAtMs) throw new Error(`${receiver.userId} does not see the conversation of ${sender.userId}`);
    await delay(POLL_MS);
  }
  await receiver.chat.conversations.accept(conversationId);
  return { conversationId, sender, receiver };
}
