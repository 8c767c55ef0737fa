import { readFile, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { startProcess } from '../../conformance/launcher/managed-process.ts';
import { openTestAuthority } from '../../tests/support/test-authority.ts';
import type { BenchGround } from '../ground/bench-ground.ts';
import { exchange } from '../load/http-exchange.ts';
import { median, perSecond, round } from '../statistics.ts';

/** What a bare HTTPS listener of Node does on this machine, with the load's own client and bodies. */
export interface HttpsLimit {
  readonly requestsPerSecond: number;
  /** One request after the other. */
  readonly p50Ms: number;
}

const NAME = 'limit.test';
const CONNECTIONS = 32;
const STOP_TIMEOUT_MS = 2_000;

/** Measures a bare listener in a process of its own, under a certificate of the ground's authority. */
export async function measureHttps(ground: BenchGround, { body, requests }: { readonly body: string; readonly requests: number }): Promise<HttpsLimit> {
  const descriptor = await ground.descriptor();
  const { cert, key } = await (await openTestAuthority(descriptor)).issue(NAME);
  const [certificateFile, keyFile] = [join(ground.directory, 'limit.pem'), join(ground.directory, 'limit.key.pem')];
  await writeFile(certificateFile, cert);
  await writeFile(keyFile, key, { mode: 0o600 });
  const { promise: listening, resolve } = Promise.withResolvers<number>();
  const listener = await startProcess({
    command: [process.execPath, join(import.meta.dirname, 'https-listener.ts'), certificateFile, keyFile],
    directory: ground.directory,
    environment: process.env,
    logFile: join(ground.directory, 'limit.log'),
    onLine: (line) => resolve(Number(/"port":(\d+)/.exec(line)?.[1])),
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
  try {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca: await readFile(descriptor.caFile, 'utf8'), servername: NAME });
    return await measure({ agent, port: await listening, body, requests });
  } finally {
    await listener.end();
  }
}

async function measure(options: { readonly agent: Agent; readonly port: number; readonly body: string; readonly requests: number }): Promise<HttpsLimit> {
  const { agent, port, body, requests } = options;
  const call = { secure: true, options: { hostname: '127.0.0.1', port, path: '/federation/v1/messages', agent, headers: { 'content-type': 'application/json' } }, body };
  const samplesMs: number[] = [];
  // The first tenth warms both processes up and is not counted.
  const singles = Math.ceil(requests / 10);
  for (let number = -singles / 10; number < singles; number += 1) {
    const startedAtMs = performance.now();
    await exchange(call);
    if (number >= 0) samplesMs.push(performance.now() - startedAtMs);
  }
  await flood(call, requests / 10);
  const elapsedMs = await flood(call, requests);
  agent.destroy();
  return { requestsPerSecond: perSecond(requests, elapsedMs), p50Ms: round(median(samplesMs), 3) };
}

async function flood(call: Parameters<typeof exchange>[0], requests: number): Promise<number> {
  let left = requests;
  const startedAtMs = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left > 0) {
        left -= 1;
        await exchange(call);
      }
    }),
  );
  return performance.now() - startedAtMs;
}
