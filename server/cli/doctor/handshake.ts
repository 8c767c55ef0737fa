import { checkServerIdentity } from 'node:tls';
import type { TLSSocket } from 'node:tls';

/** What a server's certificate says, as far as a person needs it. */
interface CertificateFacts {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly selfSigned: boolean;
  /** Whether the one who issued it came along, or is known here. */
  readonly issuerAtHand: boolean;
}

/** What came of a handshake; `chainFault` is the verifier's code, null where a known root vouches for the chain. */
export type TlsFacts =
  | { readonly kind: 'failed'; readonly code: string }
  | {
      readonly kind: 'done';
      readonly protocol: string;
      readonly chainFault: string | null;
      readonly namesServer: boolean;
      readonly certificate: CertificateFacts;
    };

/** Reads what a finished handshake shows, whether or not it is good. @see docs/protocol.md [DISC-4] */
export function readHandshake(socket: TLSSocket, serverName: string): TlsFacts {
  const peer = socket.getPeerCertificate(true);
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'failed', code: 'no certificate' };
  const namesServer = checkServerIdentity(serverName, peer) === undefined;
  const fault = socket.authorized ? null : codeOf(socket.authorizationError);
  return {
    kind: 'done',
    protocol: socket.getProtocol() ?? 'unknown',
    // The verifier reports the name only where the chain is good.
    chainFault: fault === 'ERR_TLS_CERT_ALTNAME_INVALID' ? null : fault,
    namesServer,
    certificate: {
      names: (certificate.subjectAltName ?? '').split(', ').filter((name) => name !== '').map((name) => name.replace(/^DNS:/, '')),
      issuer: nameOf(certificate.issuer),
      notBefore: certificate.validFromDate,
      notAfter: certificate.validToDate,
      selfSigned: certificate.subject === certificate.issuer,
      issuerAtHand: certificate.issuerCertificate !== undefined,
    },
  };
}

/** The shortest name that a distinguished name holds for people: its CN, else the whole. */
function nameOf(distinguished: string): string {
  return /^CN=(.+)$/m.exec(distinguished)?.[1] ?? distinguished.replaceAll('\n', ', ');
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return typeof error === 'string' ? error : String(error);
}
