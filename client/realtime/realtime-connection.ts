import type { OpenSocket } from './realtime-handlers.ts';

/** So many failures in a row mean that there is no socket to be had. */
const MAX_FAILURES = 3;
/** How often a client on a stream looks whether there is a socket again. */
const TRY_AGAIN_MS = 120_000;

/**
 * Creates the opener of whatever there is: the socket first, a stream of server-sent events where no socket can be had.
 * Beside the stream the socket is tried again now and then, and takes over once it stands.
 */
export function createConnectionOpener(options: {
  readonly openSocket: OpenSocket;
  readonly openStream: OpenSocket;
  readonly schedule: (run: () => void, delayMs: number) => () => void;
}): OpenSocket {
  return (handlers) => {
    let closeSocket: (() => void) | null = null;
    let closeStream: (() => void) | null = null;
    let cancelTry: (() => void) | null = null;

    function endSocket(): void {
      cancelTry?.();
      closeSocket?.();
      cancelTry = closeSocket = null;
    }

    function endStream(): void {
      closeStream?.();
      closeStream = null;
    }

    function trySocket(): void {
      let failures = 0;
      closeSocket = options.openSocket({
        ...handlers,
        onOnline() {
          failures = 0;
          endStream();
          handlers.onOnline();
        },
        onOffline() {
          failures += 1;
          if (closeStream === null) handlers.onOffline();
          if (closeStream === null && failures < MAX_FAILURES) return;
          endSocket();
          cancelTry = options.schedule(trySocket, TRY_AGAIN_MS);
          if (closeStream === null) tryStream();
        },
      });
    }

    function tryStream(): void {
      let stood = false;
      closeStream = options.openStream({
        ...handlers,
        onOnline() {
          stood = true;
          handlers.onOnline();
        },
        onOffline() {
          handlers.onOffline();
          if (stood) return;
          // Neither way leads there: the server is away, and both are tried in turn until it is back.
          endStream();
          endSocket();
          trySocket();
        },
      });
    }

    trySocket();
    return () => {
      endSocket();
      endStream();
    };
  };
}
