import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import { CONNECT_TIMEOUT_MS } from '../../../protocol/limits.ts';
import type { PeerEndpoint } from '../../federation/discovery/peer-connector.ts';
import { findReplacement } from '../../federation/discovery/test-connect.ts';
import type { DialledAddress } from '../../federation/discovery/test-connect.ts';
import type { Network } from '../../network.ts';
import { readHandshake } from './handshake.ts';
import type { TlsFacts } from './handshake.ts';

/** What became of the way to one address; `tls` is null where TCP did not come so far, `refusedRange` where we dial nobody [DISC-6]. */
export interface DialFacts {
  readonly address: string;
  readonly port: number;
  readonly refusedRange: string | null;
  readonly tcp: { readonly kind: 'connected' } | { readonly kind: 'failed'; readonly code: string } | null;
  readonly tls: TlsFacts | null;
}

/** What became of the way to one place: its addresses, or why DNS gives none. */
export interface PlaceFacts {
  readonly endpoint: PeerEndpoint;
  readonly lookup: { readonly kind: 'found' } | { readonly kind: 'nxdomain' | 'nodata' } | { readonly kind: 'failure'; readonly reason: string };
  readonly dials: readonly DialFacts[];
}

/** Dials every address of a place up to the end of the TLS handshake, and sends nothing after it. @see docs/protocol.md [DISC-4] [DISC-6] */
export async function dial(network: Network, endpoint: PeerEndpoint): Promise<PlaceFacts> {
  const { lookup, places } = await findPlaces(network, endpoint);
  const dials = places.map((place) => dialAddress(network, place, endpoint.serverName));
  return { endpoint, lookup, dials: await Promise.all(dials) };
}

async function findPlaces({ dns, testConnect }: Network, { host, port }: PeerEndpoint): Promise<{ lookup: PlaceFacts['lookup']; places: readonly DialledAddress[] }> {
  const replaced = findReplacement(testConnect, host, port);
  if (replaced !== undefined) return { lookup: { kind: 'found' }, places: [replaced] };
  if (isIP(host) !== 0) return { lookup: { kind: 'found' }, places: [{ address: host, port }] };
  const answers = await Promise.all([dns.query(host, 'A'), dns.query(host, 'AAAA')]);
  const places = answers.flatMap((answer) => (answer.kind === 'records' ? answer.records : [])).map((address) => ({ address, port }));
  if (places.length > 0) return { lookup: { kind: 'found' }, places };
  const [first, second] = answers;
  const failed = [first, second].find((answer) => answer.kind === 'failure');
  if (failed !== undefined) return { lookup: failed, places };
  return { lookup: { kind: first.kind === 'nxdomain' ? 'nxdomain' : 'nodata' }, places };
}

async function dialAddress({ egressGuard, caPem }: Network, { address, port }: DialledAddress, serverName: string): Promise<DialFacts> {
  const verdict = egressGuard.check(address);
  if (!verdict.allowed) return { address, port, refusedRange: verdict.range, tcp: null, tls: null };
  const reached = await openTcp({ address, port });
  if (typeof reached === 'string') return { address, port, refusedRange: null, tcp: { kind: 'failed', code: reached }, tls: null };
  const tls = await shakeHands(reached, { serverName, caPem });
  return { address, port, refusedRange: null, tcp: { kind: 'connected' }, tls };
}

/** Gives the connection, or the code of what hindered it. */
function openTcp({ address, port }: DialledAddress): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: address, port });
    const settle = (outcome: Socket | string): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      if (typeof outcome === 'string') socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => settle('ETIMEDOUT'), CONNECT_TIMEOUT_MS);
    socket.once('connect', () => settle(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.name));
  });
}

/** Makes the handshake without refusing anything, so that a bad certificate can be looked at; not a byte is sent inside it. */
function shakeHands(over: Socket, { serverName, caPem }: { readonly serverName: string; readonly caPem: string | null }): Promise<TlsFacts> {
  return new Promise((resolve) => {
    const socket = connectTls({
      socket: over,
      servername: serverName,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: false,
      ...(caPem !== null && { ca: [...rootCertificates, caPem] }),
    });
    const settle = (facts: TlsFacts): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.destroy();
      over.destroy();
      resolve(facts);
    };
    const timer = setTimeout(() => settle({ kind: 'failed', code: 'ETIMEDOUT' }), CONNECT_TIMEOUT_MS);
    socket.once('secureConnect', () => settle(readHandshake(socket, serverName)));
    socket.once('error', (error: NodeJS.ErrnoException) => settle({ kind: 'failed', code: error.code ?? error.name }));
    socket.once('close', () => settle({ kind: 'failed', code: 'ECONNRESET' }));
  });
}
