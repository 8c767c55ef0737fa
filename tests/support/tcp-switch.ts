import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A port behind which now one server stands and now another, as behind a load balancer. */
export interface TcpSwitch extends AsyncDisposable {
  readonly url: string;
  /** Leads new connections there; those made before go on as long as they last. */
  leadTo(url: string): void;
}

/** Opens the port; connections lead to `url`. */
export async function openTcpSwitch(url: string): Promise<TcpSwitch> {
  let target = new URL(url);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    const pair = [client, upstream] as const;
    for (const socket of pair) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        open.delete(socket);
        for (const each of pair) each.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    leadTo: (next) => void (target = new URL(next)),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
