import type { Conversation } from '../ground/conversation.ts';
import { createMessageMaker } from './message-maker.ts';
import type { DraftMessage } from './message-maker.ts';
import { createProcedureCaller } from './procedure-caller.ts';
import type { Workload } from './workload.ts';

/** What a load sent. */
export interface SentLoad {
  /** When each message's request began, in milliseconds of `performance.now()`, by message id. */
  readonly calledAtMs: ReadonlyMap<string, number>;
  /** The ids by conversation. */
  readonly byConversation: ReadonlyMap<string, readonly string[]>;
  readonly startedAtMs: number;
  /** When the last answer of a sender's own server came. */
  readonly acknowledgedAtMs: number;
  readonly repeats: number;
}

/** Sends `count` messages, the same number in each conversation, by its sender; resolves when own servers have them all. */
export async function sendAll(options: {
  readonly conversations: readonly Conversation[];
  readonly count: number;
  readonly workload: Workload;
  readonly signal: AbortSignal;
  readonly onAcknowledged?: (count: number) => void;
}): Promise<SentLoad> {
  const { conversations, count, workload, signal } = options;
  const calledAtMs = new Map<string, number>();
  const byConversation = new Map<string, readonly string[]>();
  const startedAtMs = performance.now();
  const repeats = await Promise.all(
    conversations.map(async ({ conversationId, sender }, index) => {
      const share = Math.floor(count / conversations.length) + (index < count % conversations.length ? 1 : 0);
      const make = createMessageMaker({ conversationId, senderId: sender.userId });
      const caller = createProcedureCaller({ ...sender, connections: workload.requestsInFlight, signal });
      const sent: string[] = [];
      byConversation.set(conversationId, sent);
      const pump = async (): Promise<void> => {
        while (sent.length < share && !signal.aborted) {
          const messages: DraftMessage[] = [];
          while (messages.length < workload.callsPerRequest && sent.length < share) {
            const message = make();
            messages.push(message);
            sent.push(message.messageId);
          }
          const now = performance.now();
          for (const { messageId } of messages) calledAtMs.set(messageId, now);
          await caller.send(messages);
          options.onAcknowledged?.(messages.length);
        }
      };
      await Promise.all(Array.from({ length: workload.requestsInFlight }, pump));
      caller.close();
      return caller.repeats();
    }),
  );
  signal.throwIfAborted();
  return { calledAtMs, byConversation, startedAtMs, acknowledgedAtMs: performance.now(), repeats: repeats.reduce((sum, one) => sum + one, 0) };
}
