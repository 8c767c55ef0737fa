import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';

/** Listens where nobody may connect, and counts who does. */
export interface Trap {
  readonly port: number;
  connections(): number;
  stop(): Promise<void>;
}

const PORTS_TRIED = 20;

/** Sets a trap on one port of several addresses; an address that this machine does not have is left out. */
export async function setTrap(...hosts: readonly [string, ...string[]]): Promise<Trap> {
  let connections = 0;
  const servers: Server[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  };
  const listen = async (host: string, port: number): Promise<number> => {
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    server.listen({ host, port });
    await once(server, 'listening');
    servers.push(server);
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const port = await listen(hosts[0], 0);
      for (const host of hosts.slice(1)) await listen(host, port).catch(leaveOutAbsent);
      return { port, connections: () => connections, stop };
    } catch (error) {
      await stop();
      if (attempt === PORTS_TRIED) throw error;
    }
  }
}

function leaveOutAbsent(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL')) throw error;
}
