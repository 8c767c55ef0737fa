import { once } from 'node:events';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { TestCertificate } from './certificates.ts';

/** A real TLS server on loopback that counts what reaches it. */
interface TlsPeer extends AsyncDisposable {
  readonly port: number;
  /** TCP connections taken. */
  readonly connections: number;
  /** Request lines with their Host header, as they came. */
  readonly requests: readonly { readonly method: string; readonly target: string; readonly host: string; readonly body: string }[];
  /** Bytes of application data that came in, over all connections. */
  readonly receivedBytes: number;
  /** Names asked for by SNI. */
  readonly serverNames: readonly string[];
}

interface TlsPeerOptions {
  readonly certificate: TestCertificate;
  readonly answer: RequestListener;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' | 'TLSv1.1';
}

/** Starts a TLS server; each request is read whole before `answer` is called. */
export async function startTlsPeer({ certificate, answer, maxVersion = 'TLSv1.3' }: TlsPeerOptions): Promise<TlsPeer> {
  const seen = { connections: 0, receivedBytes: 0, serverNames: new Array<string>(), requests: new Array<TlsPeer['requests'][number]>() };
  const server = createServer({ ...certificate, minVersion: 'TLSv1.1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.requests.push({ method, target: url, host: headers.host ?? '', body: Buffer.concat(chunks).toString('utf8') });
      answer(request, response);
    });
  });
  server.on('connection', () => (seen.connections += 1));
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    if (typeof socket.servername === 'string') seen.serverNames.push(socket.servername);
    socket.on('data', (chunk) => (seen.receivedBytes += chunk.length));
  });
  server.listen(0, '127.0.0.1');
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
