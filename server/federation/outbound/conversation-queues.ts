import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';

/** What a lane has in hand of one conversation. */
interface OpenConversation {
  /** Listed and not sent, in order. */
  waiting: OutboxItem[];
  /** How many are in the request under way. */
  inFlight: number;
  /** How many were answered and are not written down yet. */
  unsettled: number;
}

/**
 * Holds what a lane listed, by conversation, until it is written down: an item can only be taken while no earlier one of
 * its conversation is under way, and a conversation is open, so not to be listed again, as long as anything of it is here.
 * @see docs/protocol.md [DEL-1]
 */
export class ConversationQueues {
  readonly #open = new Map<bigint, OpenConversation>();
  #waiting = 0;

  /** How many items wait here to be sent. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The keys of the conversations that are not to be listed. */
  openKeys(): readonly bigint[] {
    return [...this.#open.keys()];
  }

  /** Takes up what was listed, in its order; nothing of it may be here already. */
  add(items: readonly OutboxItem[]): void {
    for (const item of items) {
      const conversation = this.#open.get(item.conversationKey);
      if (conversation === undefined) this.#open.set(item.conversationKey, { waiting: [item], inFlight: 0, unsettled: 0 });
      else conversation.waiting.push(item);
    }
    this.#waiting += items.length;
  }

  /** The queues of which something may be sent now, each with its first item first. */
  *ready(): Generator<readonly OutboxItem[]> {
    for (const { waiting, inFlight } of this.#open.values()) if (inFlight === 0 && waiting.length > 0) yield waiting;
  }

  /** Takes out what goes into a request: of each queue items from its front on, all of one conversation in their order. */
  take(items: readonly OutboxItem[]): void {
    for (const { conversationKey } of items) {
      const conversation = this.#open.get(conversationKey);
      if (conversation !== undefined) conversation.inFlight += 1;
    }
    // A conversation's items stand together in a request: one cut for each.
    for (const key of new Set(items.map(({ conversationKey }) => conversationKey))) {
      const conversation = this.#open.get(key);
      conversation?.waiting.splice(0, conversation.inFlight);
    }
    this.#waiting -= items.length;
  }

  /** Notes that a request with these was answered: later items of their conversations may follow, none is written down yet. */
  answered(items: readonly OutboxItem[]): void {
    for (const { conversationKey } of items) {
      const conversation = this.#open.get(conversationKey);
      if (conversation === undefined) continue;
      conversation.inFlight -= 1;
      conversation.unsettled += 1;
    }
  }

  /** Notes that these were written down, or left as they were. */
  settled(items: readonly OutboxItem[]): void {
    for (const { conversationKey } of items) {
      const conversation = this.#open.get(conversationKey);
      if (conversation === undefined) continue;
      conversation.unsettled -= 1;
      this.#closeIfEmpty(conversationKey, conversation);
    }
  }

  /** Puts answered items back to the front of their conversations, in this order: nothing is known of them yet. */
  putBack(items: readonly OutboxItem[]): void {
    for (const item of items.toReversed()) {
      const conversation = this.#open.get(item.conversationKey);
      if (conversation === undefined) continue;
      conversation.unsettled -= 1;
      conversation.waiting.unshift(item);
      this.#waiting += 1;
    }
  }

  /** Lets go of what waits in these conversations: it stays queued in the store. */
  drop(keys: Iterable<bigint>): void {
    for (const key of keys) {
      const conversation = this.#open.get(key);
      if (conversation === undefined) continue;
      this.#waiting -= conversation.waiting.length;
      conversation.waiting = [];
      this.#closeIfEmpty(key, conversation);
    }
  }

  #closeIfEmpty(key: bigint, { waiting, inFlight, unsettled }: OpenConversation): void {
    if (waiting.length === 0 && inFlight === 0 && unsettled === 0) this.#open.delete(key);
  }
}
