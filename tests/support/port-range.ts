import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { findFreePort } from '../../conformance/launcher/free-port.ts';

const HOST = '127.0.0.1';
/** Below the ports of playgrounds, which are themselves below the ephemeral range. */
const FIRST_PORT = 12_000;
const PORTS_PER_RUN = 2_000;
const PORTS_PER_WORKER = 40;

const promised = new Set<number>();

/**
 * Promises a loopback port that is free for TCP and UDP alike, for a program that has to be told its port. No other test
 * file of this run looks in the same place, and no outgoing connection takes it in between.
 */
export async function promisePort(): Promise<number> {
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 0);
  const first = FIRST_PORT + (process.ppid % 5) * PORTS_PER_RUN + (worker % (PORTS_PER_RUN / PORTS_PER_WORKER)) * PORTS_PER_WORKER;
  for (;;) {
    const port = await findFreePort(HOST, first, promised);
    if (await isFreeForUdp(port)) return port;
  }
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const probe = createSocket('udp4');
  try {
    probe.bind(port, HOST);
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
