import { once } from 'node:events';
import { createServer } from 'node:net';

const PORTS_TRIED = 200;

/**
 * Finds a port that nobody listens on, upwards from the one preferred and none of those already promised.
 * Ports are taken from below the ephemeral range on purpose: while an instance is down, a connection to its port must be
 * refused and not find another program, or itself, there.
 */
export async function findFreePort(host: string, preferred: number, promised: Set<number>): Promise<number> {
  for (let port = preferred; port < preferred + PORTS_TRIED; port += 1) {
    if (promised.has(port) || !(await isFree(host, port))) continue;
    promised.add(port);
    return port;
  }
  throw new Error(`no free port on ${host} from ${preferred} to ${preferred + PORTS_TRIED - 1}`);
}

async function isFree(host: string, port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
