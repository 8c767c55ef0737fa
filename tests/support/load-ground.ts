import { openConversation } from '../../bench/ground/conversation.ts';
import type { Conversation } from '../../bench/ground/conversation.ts';
import { registerPerson } from '../../bench/ground/person.ts';
import { openBenchDatabase } from '../../bench/store/stored-messages.ts';
import type { BenchDatabase } from '../../bench/store/stored-messages.ts';
import { startTestPlayground } from './test-playground.ts';
import type { TestPlayground } from './test-playground.ts';

/** Where the senders of a load live. */
export const SENDING = 'a.test';
/** Where its receivers live. */
export const RECEIVING = 'b.test';

/** A playground of two domains with pairs of people who may write to each other. */
export interface LoadGround {
  readonly ground: TestPlayground;
  readonly conversations: readonly Conversation[];
  /** Opens the database of a domain, to be read beside its server; a restart of the server ends what was opened before. */
  database(domain: string): Promise<BenchDatabase>;
  stop(): Promise<void>;
}

/** Starts the servers and makes `pairs` pairs. */
export async function startLoadGround(pairs: number): Promise<LoadGround> {
  const ground = await startTestPlayground({ domains: [SENDING, RECEIVING] });
  const [from, to] = [await ground.instance(SENDING), await ground.instance(RECEIVING)];
  const conversations: Conversation[] = [];
  for (let number = 1; number <= pairs; number += 1) {
    const [writer, reader] = [await registerPerson(from.url, `writer${number}`), await registerPerson(to.url, `reader${number}`)];
    conversations.push(await openConversation(writer, reader));
    writer.chat.close();
    reader.chat.close();
  }
  return {
    ground,
    conversations,
    database: async (domain) => openBenchDatabase((await ground.instance(domain)).databaseUrl),
    stop: () => ground.stop(),
  };
}
