import { once } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { TestCertificate } from './certificates.ts';

/** A real TLS server on loopback that counts what reaches it. */
interface TlsPeer extends AsyncDisposable {
  readonly port: number;
  /** TCP connections taken. */
  readonly connections: number;
  /** Request lines with their Host header, as they came. */
  readonly requests: readonly { readonly method: string; readonly target: string; readonly host: string; readonly body: string }[];
  /** The headers of each request, names in lower case. */
  readonly headers: readonly IncomingHttpHeaders[];
  /** What each TLS handshake came to, the protocol being that agreed on by ALPN. */
  readonly handshakes: readonly { readonly protocol: string | false | null; readonly resumed: boolean }[];
  /** Bytes of application data that came in, over all connections. */
  readonly receivedBytes: number;
  /** Names asked for by SNI. */
  readonly serverNames: readonly string[];
}

interface TlsPeerOptions {
  readonly certificate: TestCertificate;
  readonly answer: RequestListener;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' | 'TLSv1.1';
  /** The loopback address to listen on. */
  readonly address?: '127.0.0.1' | '::1';
  /** The protocols that it agrees to by ALPN. */
  readonly protocols?: readonly string[];
}

/** Starts a TLS server; each request is read whole before `answer` is called. */
export async function startTlsPeer(options: TlsPeerOptions): Promise<TlsPeer> {
  const { certificate, answer, maxVersion = 'TLSv1.3', address = '127.0.0.1', protocols = ['http/1.1'] } = options;
  const seen = {
    connections: 0,
    receivedBytes: 0,
    serverNames: new Array<string>(),
    requests: new Array<TlsPeer['requests'][number]>(),
    headers: new Array<IncomingHttpHeaders>(),
    handshakes: new Array<TlsPeer['handshakes'][number]>(),
  };
  const tls = { ...certificate, minVersion: 'TLSv1.1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0', ALPNProtocols: [...protocols] } as const;
  const server = createServer(tls, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.headers.push(headers);
      seen.requests.push({ method, target: url, host: headers.host ?? '', body: Buffer.concat(chunks).toString('utf8') });
      answer(request, response);
    });
  });
  server.on('connection', () => (seen.connections += 1));
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    seen.handshakes.push({ protocol: socket.alpnProtocol, resumed: socket.isSessionReused() });
    if (typeof socket.servername === 'string') seen.serverNames.push(socket.servername);
    socket.on('data', (chunk) => (seen.receivedBytes += chunk.length));
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    get connections() {
      return seen.connections;
    },
    get receivedBytes() {
      return seen.receivedBytes;
    },
    serverNames: seen.serverNames,
    requests: seen.requests,
    headers: seen.headers,
    handshakes: seen.handshakes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}
