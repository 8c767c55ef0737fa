import type { ConversationId, UserId } from '../../protocol/ids.ts';
import { assertNever } from './assert-never.ts';
import type { DomainEvent } from './ports.ts';
import type { Receipt } from './receipts/receipt-store.ts';
import { toWireDelivery, toWireMessage } from './wire.ts';
import type { WireDelivery, WireMessage } from './wire.ts';

/** Somebody elsewhere, in a conversation that both are in. */
interface RemoteMember {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
}

/** An event as browsers receive it, over sockets and streams alike. */
export type WireEvent =
  | { readonly name: 'message:new'; readonly payload: WireMessage }
  | { readonly name: 'conversation:new'; readonly payload: { readonly conversationId: ConversationId } }
  | { readonly name: 'conversation:membership'; readonly payload: { readonly conversationId: ConversationId; readonly epoch: number } }
  | { readonly name: 'delivery:changed'; readonly payload: WireDelivery }
  /** Own messages are on a device of `userId`, or read by them [DEL-6]. */
  | { readonly name: 'message:receipt'; readonly payload: Receipt }
  | { readonly name: 'conversation:typing'; readonly payload: RemoteMember }
  | { readonly name: 'conversation:accepted'; readonly payload: RemoteMember }
  /** Events may have been missed: ask for what there is. */
  | { readonly name: 'resync'; readonly payload: Readonly<Record<never, never>> };

/** Turns an event of the domain into what browsers receive. */
export function toWireEvent(event: DomainEvent): WireEvent {
  switch (event.kind) {
    case 'message':
      return { name: 'message:new', payload: toWireMessage(event.message) };
    case 'conversation':
      return { name: 'conversation:new', payload: { conversationId: event.conversationId } };
    case 'membership':
      return { name: 'conversation:membership', payload: { conversationId: event.conversationId, epoch: event.epoch } };
    case 'delivery':
      return { name: 'delivery:changed', payload: toWireDelivery(event.delivery) };
    case 'receipt': {
      const { kind: _kind, ...payload } = event;
      return { name: 'message:receipt', payload };
    }
    case 'typing':
      return { name: 'conversation:typing', payload: { conversationId: event.conversationId, userId: event.userId } };
    case 'accepted':
      return { name: 'conversation:accepted', payload: { conversationId: event.conversationId, userId: event.userId } };
    default:
      return assertNever(event);
  }
}
