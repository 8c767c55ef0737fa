import type { WireEvent } from '../../server/realtime/events.ts';
import type { ClientClock } from '../headless/clock.ts';
import { createStreamClient } from '../trpc/instance-client.ts';
import type { EventSourceClass } from '../trpc/instance-client.ts';
import { clientErrorOf } from '../trpc/instance-error.ts';
import { dispatchEvent } from './realtime-handlers.ts';
import type { OpenSocket, RealtimeHandlers } from './realtime-handlers.ts';

const RETRY_MS = 2_000;
/** A stream that ends sooner was not meant to be: opening the next at once would only be more of the same. */
const SHORTEST_MS = 1_000;

/**
 * Creates the opener of the stream of server-sent events of `baseUrl` (empty: the page's own origin), which stands in
 * for the socket. A stream that ended goes on where it was; only where that cannot be, the client asks for everything.
 */
export function createStreamOpener(options: {
  readonly baseUrl: string;
  readonly EventSource: EventSourceClass;
  readonly clock: ClientClock;
}): OpenSocket {
  const { clock } = options;
  const api = createStreamClient(options);
  return (handlers) => {
    const state = createStreamState(handlers);
    let cursor: string | undefined;
    let subscription: { unsubscribe(): void } | null = null;
    let cancelRetry: (() => void) | null = null;
    let closed = false;

    function subscribeLater(delayMs: number): void {
      if (!closed) cancelRetry = clock.schedule(subscribe, delayMs);
    }

    function subscribe(): void {
      const openedAt = clock.now().getTime();
      subscription = api.events.stream.subscribe(cursor === undefined ? {} : { lastEventId: cursor }, {
        // Without a cursor the server says `resync` first; with one it may have nothing to say for long.
        onStarted: () => cursor !== undefined && state.goOnline(),
        onData({ id, data }) {
          cursor = id;
          state.take(data);
        },
        onConnectionStateChange: ({ state: name, error }) => name === 'connecting' && error !== null && state.goOffline(),
        onComplete: () => subscribeLater(clock.now().getTime() - openedAt < SHORTEST_MS ? RETRY_MS : 0),
        onError(error) {
          if (clientErrorOf(error).code === 'signed_out') return handlers.onUnauthorized();
          state.goOffline();
          subscribeLater(RETRY_MS);
        },
      });
    }

    subscribe();
    return () => {
      closed = true;
      cancelRetry?.();
      subscription?.unsubscribe();
    };
  };
}

/** Tells the handlers when the stream comes and goes, once each. */
function createStreamState(handlers: RealtimeHandlers) {
  let isOnline = false;
  function goOnline(): void {
    if (isOnline) return;
    isOnline = true;
    handlers.onOnline();
  }
  return {
    goOnline,
    goOffline(): void {
      isOnline = false;
      handlers.onOffline();
    },
    take(event: WireEvent): void {
      // Coming online asks for everything already.
      if (event.name === 'resync' && !isOnline) return goOnline();
      goOnline();
      dispatchEvent(handlers, event);
    },
  };
}
