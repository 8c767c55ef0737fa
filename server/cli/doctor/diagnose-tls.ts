import type { PlaceFacts } from './dial.ts';
import { byOperator, fail, ok, warn } from './finding.ts';
import type { Finding, Subject } from './finding.ts';
import type { TlsFacts } from './handshake.ts';

type Handshake = Extract<TlsFacts, { kind: 'done' }>;

/** Where a handshake was looked at. */
interface Sight {
  readonly subject: Subject;
  readonly place: string;
  readonly serverName: string;
  readonly now: Date;
}

const DAY_MS = 86_400_000;
const SOON_MS = 14 * DAY_MS;
/** Certificates of a few days are renewed in their last days by plan. */
const SOON_SHARE = 1 / 6;
/** The codes of a chain that ends before a known root. */
const INCOMPLETE: ReadonlySet<string> = new Set(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_GET_ISSUER_CERT']);
const NOT_TLS: ReadonlySet<string> = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST']);
const OLD_TLS: ReadonlySet<string> = new Set(['ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION']);

/** Judges the handshakes of a place: version, chain, name, time; the first that is bad speaks for all. @see docs/protocol.md [DISC-4] */
export function diagnoseTls(subject: Subject, { endpoint: { host, port, serverName }, dials }: PlaceFacts, now: Date): Finding {
  const findings = dials.flatMap(({ address, tls }) => {
    if (tls === null) return [];
    const place = dials.length > 1 ? `${host}:${port} (${address})` : `${host}:${port}`;
    return [diagnoseHandshake({ subject, place, serverName, now }, tls)];
  });
  const byStatus = (status: Finding['status']): Finding | undefined => findings.find((finding) => finding.status === status);
  return byStatus('fail') ?? byStatus('warn') ?? ok('DISC-4', findings[0]?.detail ?? `${host}:${port} was not shown`);
}

function diagnoseHandshake(sight: Sight, tls: TlsFacts): Finding {
  if (tls.kind === 'failed') return diagnoseFailure(sight, tls.code);
  return findChainFault(sight, tls) ?? findNameFault(sight, tls) ?? judgeExpiry(sight, tls);
}

function diagnoseFailure({ subject, place, serverName }: Sight, code: string): Finding {
  if (NOT_TLS.has(code)) return fail('DISC-4', `${place} does not speak TLS (${code})`, byOperator(subject, 'let the SRV record name the port of the listener that speaks TLS'));
  if (OLD_TLS.has(code)) return fail('DISC-4', `${place} does not speak TLS 1.2 or newer (${code})`, byOperator(subject, 'allow TLS 1.2 and 1.3'));
  return fail('DISC-4', `the TLS handshake with ${place} for the name ${serverName} fails (${code})`, byOperator(subject, `look at the TLS settings and at whether there is a certificate for ${serverName}`));
}

function findChainFault({ subject, place, now }: Sight, { chainFault, certificate }: Handshake): Finding | null {
  if (certificate.notAfter < now) {
    return fail('DISC-4', `the certificate of ${place} expired on ${day(certificate.notAfter)}`, byOperator(subject, 'renew the certificate and restart what serves it'));
  }
  if (certificate.notBefore > now) {
    return fail('DISC-4', `the certificate of ${place} is not valid before ${certificate.notBefore.toISOString()}`, `Check the clock of this machine: certificates are not issued ahead of time. If it is right: ${byOperator(subject, 'use another certificate')}`);
  }
  if (chainFault === null) return null;
  if (certificate.selfSigned) {
    return fail('DISC-4', `the certificate of ${place} is self-signed`, byOperator(subject, 'get a certificate from an authority that others trust'));
  }
  if (INCOMPLETE.has(chainFault) && !certificate.issuerAtHand) {
    const issuer = `its issuer "${certificate.issuer}" does not come along and is no root that is known here`;
    const task = 'serve the whole chain (fullchain.pem, not cert.pem)';
    return fail('DISC-4', `${place}: the server sends the leaf without its intermediate: ${issuer}`, `${byOperator(subject, task)}. If "${certificate.issuer}" is a private root, name its file in SECURECHAT_CA_FILE`);
  }
  const task = 'serve a chain that leads to a public root';
  return fail('DISC-4', `no known root vouches for the certificate of ${place} (${chainFault})`, `${byOperator(subject, task)}. If its root is private, name its file in SECURECHAT_CA_FILE`);
}

function findNameFault({ subject, place, serverName }: Sight, { namesServer, certificate }: Handshake): Finding | null {
  if (namesServer) return null;
  const names = certificate.names.length === 0 ? 'no name at all' : certificate.names.join(', ');
  return fail('DISC-4', `the certificate of ${place} is for ${names}, not for ${serverName}`, byOperator(subject, `serve a certificate for ${serverName} there; the name that counts is that of the domain, not that of the SRV target, unless the key document lists the target`));
}

function judgeExpiry({ subject, place, serverName, now }: Sight, { protocol, certificate: { notBefore, notAfter } }: Handshake): Finding {
  const leftMs = notAfter.getTime() - now.getTime();
  const soonMs = Math.min(SOON_MS, (notAfter.getTime() - notBefore.getTime()) * SOON_SHARE);
  const what = `${place} proves ${serverName} by ${protocol}, certificate valid until ${day(notAfter)}`;
  if (leftMs >= soonMs) return ok('DISC-4', what);
  return warn('DISC-4', `${what}, which is in ${Math.ceil(leftMs / DAY_MS)} days`, byOperator(subject, 'see to it that the certificate is renewed'));
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
