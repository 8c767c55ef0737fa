import type { Logger } from 'pino';
import type { UserId } from '../../protocol/ids.ts';
import type { StoredMessage } from '../domain/messages/message-store.ts';
import type { DomainEvent } from '../domain/ports.ts';
import type { EventNotice, MessageReference } from '../domain/process-bus.ts';

/** Reads stored messages; gives those that there are, in any order. */
export type LoadMessages = (references: readonly MessageReference[]) => Promise<readonly StoredMessage[]>;

interface Notice {
  readonly userIds: readonly UserId[];
  readonly event: EventNotice;
}

/**
 * Creates the taker of events that another process told of. Events are delivered in the order of their coming; while
 * messages are read from the store, what comes is gathered for the next reading. Where that fails, those concerned
 * are `missed`.
 */
export function createIncomingNews(options: {
  readonly loadMessages: LoadMessages;
  readonly deliver: (userIds: readonly UserId[], event: DomainEvent) => void;
  readonly missed: (userIds: readonly UserId[]) => void;
  readonly logger: Logger;
}): (notice: Notice) => void {
  let waiting: Notice[] = [];
  let isRunning = false;

  async function deliverAll(notices: readonly Notice[]): Promise<void> {
    const references = notices.flatMap(({ event }) => (event.kind === 'message' ? [event] : []));
    const messages = new Map<string, StoredMessage>();
    if (references.length > 0) {
      try {
        for (const message of await options.loadMessages(references)) messages.set(keyOf(message), message);
      } catch (error) {
        options.logger.warn({ err: error }, 'messages that another process stored could not be read');
      }
    }
    for (const { userIds, event } of notices) {
      if (event.kind !== 'message') options.deliver(userIds, event);
      else {
        const message = messages.get(keyOf(event));
        if (message === undefined) options.missed(userIds);
        else options.deliver(userIds, { kind: 'message', message });
      }
    }
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const notices = waiting;
      waiting = [];
      await deliverAll(notices);
    }
    isRunning = false;
  }

  return (notice) => {
    waiting.push(notice);
    if (isRunning) return;
    isRunning = true;
    void run();
  };
}

function keyOf({ conversationId, messageId }: MessageReference): string {
  return `${conversationId} ${messageId}`;
}
