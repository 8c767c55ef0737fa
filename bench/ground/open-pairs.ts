import type { BenchGround } from './bench-ground.ts';
import { openConversation } from './conversation.ts';
import type { Conversation } from './conversation.ts';
import { registerPerson } from './person.ts';

/** Where the senders and where the receivers live. */
export const SENDING_DOMAIN = 'a.test';
/** Where the receivers live. */
export const RECEIVING_DOMAIN = 'b.test';

/** Makes `count` pairs of a sender and a receiver with a conversation each; their clients are closed, their sessions stay. */
export async function openPairs(ground: BenchGround, count: number, domains: { readonly from: string; readonly to: string } = { from: SENDING_DOMAIN, to: RECEIVING_DOMAIN }): Promise<readonly Conversation[]> {
  const from = await ground.instance(domains.from);
  const to = await ground.instance(domains.to);
  const conversations: Conversation[] = [];
  for (let number = 1; number <= count; number += 1) {
    const sender = await registerPerson(from.url, `sender${number}`);
    const receiver = await registerPerson(to.url, `receiver${number}`);
    conversations.push(await openConversation(sender, receiver));
  }
  for (const { sender, receiver } of conversations) {
    sender.chat.close();
    receiver.chat.close();
  }
  return conversations;
}
