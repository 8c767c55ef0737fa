import type { ConversationId, Domain, MessageId, UserId } from '../../protocol/ids.ts';
import type { DomainEvent } from './ports.ts';

/** Names a stored message: its content never travels between processes, whoever needs it reads it from the store. */
export interface MessageReference {
  readonly conversationId: ConversationId;
  readonly position: number;
  readonly messageId: MessageId;
}

/** An event as one process tells it to another: a message by reference, anything else as it is. */
export type EventNotice = ({ readonly kind: 'message' } & MessageReference) | Exclude<DomainEvent, { readonly kind: 'message' }>;

/** What processes on one database tell each other. */
export type BusMessage =
  | { readonly kind: 'wake'; readonly domains: readonly Domain[] }
  | { readonly kind: 'event'; readonly userIds: readonly UserId[]; readonly event: EventNotice }
  | { readonly kind: 'session_revoked'; readonly sessionId: string };

/** What a process hears; after a `gap` some of it was missed, and what matters is to be looked up in the store. */
export type BusNews = BusMessage | { readonly kind: 'gap' };

/** Carries hints between the processes on one database. Any may be lost: what counts is in the store. */
export interface ProcessBus {
  /** Tells the other processes, if there can be any; never fails and never waits. */
  publish(message: BusMessage): void;
  /** Hands on what other processes tell, in the order in which each told it; the answer ends that. */
  subscribe(handler: (news: BusNews) => void): () => void;
  /** Listens until the answer is called; once it does, subscribers hear `gap`, as they may have missed what came before. */
  listen(): () => void;
}
