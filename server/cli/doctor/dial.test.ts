import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { DnsClient } from '../../federation/discovery/dns-client.ts';
import { createEgressGuard } from '../../federation/discovery/egress-guard.ts';
import { dial } from './dial.ts';

test('[DISC-3] [DISC-6] of many addresses eight are dialled, refused ones beside them not counted', async () => {
  const seen = new Set<string | undefined>();
  const server = createServer((socket) => {
    seen.add(socket.localAddress);
    socket.destroy();
  }).listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const good = Array.from({ length: 20 }, (_, index) => `127.0.0.${index + 1}`);
  const dns: DnsClient = {
    query: async (_name, type) => (type === 'A' ? { kind: 'records', records: ['10.0.0.1', ...good], ttlSeconds: 60, authenticated: false } : { kind: 'nodata', ttlSeconds: null }),
  } as DnsClient;
  const network = { dns, egressGuard: createEgressGuard({ testRanges: ['127.0.0.0/8'] }), testConnect: new Map(), caPem: null, guardedRequest: () => Promise.reject(new Error('not asked')) };
  const { dials } = await dial(network, { host: 'many.test', port, serverName: 'many.test' });
  server.close();
  expect(dials.map(({ refusedRange, tcp }) => refusedRange ?? tcp?.kind ?? 'not dialled')).toEqual([
    'private use',
    ...Array.from({ length: 8 }, () => 'connected'),
    ...Array.from({ length: 12 }, () => 'not dialled'),
  ]);
  expect(seen.size).toBe(8);
});
