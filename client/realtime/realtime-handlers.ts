import type { WireEvent } from '../../server/realtime/events.ts';

/** The events that a client acts upon. */
export type HandledEvents = {
  readonly [Event in Exclude<WireEvent, { readonly name: 'resync' }> as Event['name']]: (payload: Event['payload']) => void;
};

/** What a connection tells: its own state, and each handled event of the server as it comes. */
export interface RealtimeHandlers {
  /** There is a connection; what came before it is to be asked for. */
  onOnline(): void;
  /** There is none, or an attempt to get one failed. */
  onOffline(): void;
  /** The connection stands, but events were missed. */
  onResync(): void;
  /** The server knows no session for our cookie any more. */
  onUnauthorized(): void;
  readonly events: HandledEvents;
}

/** Opens a socket, or what stands in for one, that connects again by itself; the answer closes it for good. */
export type OpenSocket = (handlers: RealtimeHandlers) => () => void;

/** Hands an event to whoever handles it. */
export function dispatchEvent({ events, onResync }: Pick<RealtimeHandlers, 'events' | 'onResync'>, event: WireEvent): void {
  switch (event.name) {
    case 'message:new':
      return events['message:new'](event.payload);
    case 'conversation:new':
      return events['conversation:new'](event.payload);
    case 'conversation:membership':
      return events['conversation:membership'](event.payload);
    case 'delivery:changed':
      return events['delivery:changed'](event.payload);
    case 'message:receipt':
      return events['message:receipt'](event.payload);
    case 'conversation:typing':
      return events['conversation:typing'](event.payload);
    case 'conversation:accepted':
      return events['conversation:accepted'](event.payload);
    case 'resync':
      return onResync();
    default:
      // A newer server may tell more.
  }
}
