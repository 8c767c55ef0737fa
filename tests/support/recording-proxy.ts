import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect, createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { TestAuthority } from './test-authority.ts';

/** A proxy that stands for a domain, ends its TLS, and keeps what passes in both directions. */
export interface RecordingProxy {
  readonly host: string;
  readonly port: number;
  /** Everything that passed, requests and answers, as it is inside TLS. */
  recorded(): Buffer;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Starts a proxy for the domain that really lives at `target`. */
export async function startRecordingProxy(options: {
  readonly domain: string;
  readonly target: { readonly host: string; readonly port: number };
  readonly authority: TestAuthority;
}): Promise<RecordingProxy> {
  const { domain, target, authority } = options;
  const chunks: Buffer[] = [];
  const open = new Set<Duplex>();
  const record = (from: TLSSocket, to: TLSSocket): void => {
    open.add(from);
    from.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      to.write(chunk);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => open.delete(from));
  };
  const server = createServer({ ...(await authority.issue(domain)), ALPNProtocols: ['http/1.1'] }, (inward) => {
    const outward = connect({ ...target, servername: domain, ca: authority.certificatePem, ALPNProtocols: ['http/1.1'] });
    record(inward, outward);
    record(outward, inward);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  return {
    host: HOST,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    recorded: () => Buffer.concat(chunks),
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
