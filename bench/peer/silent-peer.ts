import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { PeerPlace } from '../../conformance/launcher/places.ts';

/** Takes connections and never says a word. */
interface SilentPeer extends AsyncDisposable {
  /** Where every name below the domain leads. */
  readonly place: PeerPlace;
}

/** Starts the peer for every name that ends in `suffix`, which begins with a dot. */
export async function startSilentPeer(suffix: string): Promise<SilentPeer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the silent peer has no port');
  return {
    place: { domain: `*${suffix}`, host: '127.0.0.1', port: address.port },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
