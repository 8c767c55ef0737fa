import { once } from 'node:events';
import { createServer } from 'node:https';
import type { ScriptedAnswer } from './foreign-server.ts';
import type { TlsCertificate } from './test-authority.ts';

/** One HTTPS server that stands for many domains. */
export interface DocumentHost {
  readonly host: string;
  readonly port: number;
  /** `domain target` of every request, oldest first. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** Starts a server at an address whose answers depend on the domain that is asked for; it keeps no connection. */
export async function startDocumentHost(options: {
  readonly host: string;
  readonly certificate: TlsCertificate;
  readonly answer: (domain: string, target: string) => ScriptedAnswer;
}): Promise<DocumentHost> {
  const { host, certificate, answer } = options;
  const asked: string[] = [];
  const server = createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (request, response) => {
    const domain = (request.headers.host ?? '').split(':')[0] ?? '';
    const target = request.url ?? '';
    asked.push(`${domain} ${target}`);
    const { status, body, headers } = answer(domain, target);
    response.writeHead(status, { connection: 'close', ...headers, 'content-length': String(Buffer.byteLength(body)) }).end(body);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  return {
    host,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
