import { connect, createSecureContext, rootCertificates } from 'node:tls';
import type { SecureContext, TLSSocket } from 'node:tls';

import { CONNECT_TIMEOUT_MS } from '../../../protocol/limits.ts';
import type { DnsClient } from './dns-client.ts';
import type { EgressGuard } from './egress-guard.ts';
import { findAddresses, MAX_ADDRESSES } from './find-addresses.ts';
import type { DialledAddress, TestConnect } from './test-connect.ts';

/** Why no connection came to be. */
export type NotSentReason = 'dns_failure' | 'address_refused' | 'connect_failed' | 'tls_failed' | 'timeout';

/** Says that no connection came to be, before any byte of a request; `detail` is a constant or a platform's error code. */
export class PeerConnectError extends Error {
  override readonly name = 'PeerConnectError';
  readonly code: NotSentReason;
  readonly detail: string;

  constructor(code: NotSentReason, detail: string, options?: ErrorOptions) {
    super(`No connection (${code}: ${detail}).`, options);
    this.code = code;
    this.detail = detail;
  }
}

/** Is where the server of a domain listens, and its key document is, unless something says otherwise. @see docs/protocol.md [DISC-1] */
export const HTTPS_PORT = 443;

/** Where a connection goes and whose certificate it must show. */
export interface PeerEndpoint {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}

/**
 * What connections need: `caPem` are roots beside the usual ones; `testConnect` says by `host:port` or
 * `*.parent:port` where a connection really goes, with every check of names and addresses kept.
 */
export interface PeerConnectorOptions {
  readonly dns: DnsClient;
  readonly egressGuard: EgressGuard;
  readonly caPem?: string | undefined;
  readonly testConnect: TestConnect;
}

/** Opens a connection whose certificate is checked; rejects with {@link PeerConnectError}. */
export type PeerConnector = (endpoint: PeerEndpoint) => Promise<TLSSocket>;

/**
 * Creates the connector: addresses are resolved for each connection, those that the guard refuses are left out, the
 * others are tried in turn within 10 s. Nothing of a TLS session is kept for the next connection.
 * @see docs/protocol.md [DISC-3] [DISC-4] [DISC-6]
 */
export function createPeerConnector(options: PeerConnectorOptions): PeerConnector {
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(options.caPem !== undefined && { ca: [...rootCertificates, options.caPem] }),
  });
  return async (endpoint) => {
    const deadlineMs = performance.now() + CONNECT_TIMEOUT_MS;
    const addresses = await findDialled(options, endpoint);
    let failure = new PeerConnectError('timeout', 'no time left');
    for (const [index, address] of addresses.entries()) {
      // An even share of the time left, so that one silent address does not use up its neighbour's.
      const timeoutMs = (deadlineMs - performance.now()) / (addresses.length - index);
      if (timeoutMs <= 0) break;
      const outcome = await openTls({ ...address, serverName: endpoint.serverName, secureContext, timeoutMs });
      if (!(outcome instanceof PeerConnectError)) return outcome;
      failure = outcome;
    }
    throw failure;
  };
}

async function findDialled({ dns, testConnect, egressGuard }: PeerConnectorOptions, endpoint: PeerEndpoint): Promise<readonly DialledAddress[]> {
  const lookup = await findAddresses({ dns, testConnect }, endpoint);
  if (lookup.kind === 'found') return permitted(lookup.addresses, egressGuard);
  throw new PeerConnectError('dns_failure', lookup.kind === 'failure' ? lookup.reason : lookup.kind);
}

function permitted(addresses: readonly DialledAddress[], guard: EgressGuard): readonly DialledAddress[] {
  const verdicts = addresses.map(({ address }) => guard.check(address));
  const allowed = addresses.filter((_, index) => verdicts[index]?.allowed === true);
  if (allowed.length > 0) return allowed.slice(0, MAX_ADDRESSES);
  const refusal = verdicts.find((verdict) => !verdict.allowed);
  throw new PeerConnectError('address_refused', refusal?.range ?? 'no address');
}

interface TlsDial extends DialledAddress {
  readonly serverName: string;
  readonly secureContext: SecureContext;
  readonly timeoutMs: number;
}

function openTls({ address, port, serverName, secureContext, timeoutMs }: TlsDial): Promise<TLSSocket | PeerConnectError> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, servername: serverName, secureContext, ALPNProtocols: ['http/1.1'], rejectUnauthorized: true });
    let connected = false;
    const fail = (code: NotSentReason, detail: string, cause?: unknown): void => {
      clearTimeout(timer);
      socket.removeAllListeners('close');
      socket.destroy();
      resolve(new PeerConnectError(code, detail, { cause }));
    };
    const timer = setTimeout(() => fail('timeout', connected ? 'TLS handshake' : 'TCP connection'), timeoutMs);
    const onError = (error: NodeJS.ErrnoException): void => fail(connected ? 'tls_failed' : 'connect_failed', error.code ?? error.name, error);
    const onClose = (): void => fail(connected ? 'tls_failed' : 'connect_failed', 'closed');
    socket.once('connect', () => (connected = true));
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      socket.off('close', onClose);
      resolve(socket);
    });
  });
}
