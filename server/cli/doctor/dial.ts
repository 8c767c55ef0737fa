import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import { CONNECT_TIMEOUT_MS } from '../../../protocol/limits.ts';
import { findAddresses, MAX_ADDRESSES } from '../../federation/discovery/find-addresses.ts';
import type { AddressLookup } from '../../federation/discovery/find-addresses.ts';
import type { PeerEndpoint } from '../../federation/discovery/peer-connector.ts';
import type { DialledAddress } from '../../federation/discovery/test-connect.ts';
import type { Network } from '../../network.ts';
import { readHandshake } from './handshake.ts';
import type { TlsFacts } from './handshake.ts';

/**
 * What became of the way to one address. `refusedRange` names the range in which nobody is dialled [DISC-6], else it is
 * null; `tcp` is null where the address was not dialled, `tls` also where TCP did not come so far.
 */
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
  readonly lookup: { readonly kind: 'found' } | Exclude<AddressLookup, { kind: 'found' }>;
  readonly dials: readonly DialFacts[];
}

/** Dials the addresses of a place that deliveries would dial, up to the end of the TLS handshake, and sends nothing after it. @see docs/protocol.md [DISC-4] [DISC-6] */
export async function dial(network: Network, endpoint: PeerEndpoint): Promise<PlaceFacts> {
  const lookup = await findAddresses(network, endpoint);
  if (lookup.kind !== 'found') return { endpoint, lookup, dials: [] };
  const verdicts = lookup.addresses.map((place) => ({ place, verdict: network.egressGuard.check(place.address) }));
  const dialled = new Set(verdicts.filter(({ verdict }) => verdict.allowed).slice(0, MAX_ADDRESSES));
  const dials = verdicts.map((judged): DialFacts | Promise<DialFacts> => {
    const { place, verdict } = judged;
    if (dialled.has(judged)) return dialAddress(network, place, endpoint.serverName);
    return { ...place, refusedRange: verdict.allowed ? null : verdict.range, tcp: null, tls: null };
  });
  return { endpoint, lookup, dials: await Promise.all(dials) };
}

async function dialAddress({ caPem }: Network, { address, port }: DialledAddress, serverName: string): Promise<DialFacts> {
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
