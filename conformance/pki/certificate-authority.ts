// The polyfill has to be there before the X.509 library is loaded.
import 'reflect-metadata';
import { isIP } from 'node:net';

import * as x509 from '@peculiar/x509';

/** A certificate chain and its private key (PKCS #8), both PEM. */
export interface IssuedCertificate {
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
}

/** What a leaf certificate says; the dates may lie so that clients can be seen to refuse it. */
interface CertificateRequest {
  /** DNS names and IP addresses, at least one; the first is also the subject. */
  readonly names: readonly [string, ...string[]];
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in seven days. */
  readonly notAfter?: Date;
}

/** A throw-away certificate authority. */
export interface CertificateAuthority {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Issues a TLS server certificate (RFC 5280, RFC 9525: names only in the subject alternative name). */
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
}

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;
const LIFETIME_MS = 7 * 24 * HOUR_MS;

/** Creates a certificate authority with a fresh ECDSA P-256 key; nothing trusts it until its certificate is handed out. */
export async function createCertificateAuthority(now: () => Date = () => new Date()): Promise<CertificateAuthority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: 'CN=SecureChat throw-away CA',
    ...validity(now(), {}),
    keys,
    signingAlgorithm: ECDSA_P256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificatePem: asFile(certificate.toString('pem')),
    privateKeyPem: await exportPrivateKey(keys.privateKey),
    issue: (request) => issue({ certificate, signingKey: keys.privateKey }, request, now()),
  };
}

type PrivateKey = Awaited<ReturnType<typeof generateKeys>>['privateKey'];

interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly signingKey: PrivateKey;
}

async function issue(issuer: Issuer, request: CertificateRequest, now: Date): Promise<IssuedCertificate> {
  const keys = await generateKeys();
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: [{ CN: [request.names[0]] }],
    issuer: issuer.certificate.subject,
    ...validity(now, request),
    publicKey: keys.publicKey,
    signingKey: issuer.signingKey,
    signingAlgorithm: ECDSA_P256,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(request.names.map(alternativeName)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.certificate),
    ],
  });
  return {
    certificateChainPem: asFile(leaf.toString('pem')) + asFile(issuer.certificate.toString('pem')),
    privateKeyPem: await exportPrivateKey(keys.privateKey),
  };
}

function alternativeName(value: string): x509.JsonGeneralName {
  return { type: isIP(value) === 0 ? 'dns' : 'ip', value };
}

/** A certificate that is already over must also have begun before that. */
function validity(now: Date, asked: Pick<CertificateRequest, 'notBefore' | 'notAfter'>): { notBefore: Date; notAfter: Date } {
  const notAfter = asked.notAfter ?? new Date(now.getTime() + LIFETIME_MS);
  const hourAgo = Math.min(now.getTime(), notAfter.getTime()) - HOUR_MS;
  return { notBefore: asked.notBefore ?? new Date(hourAgo), notAfter };
}

async function generateKeys() {
  return crypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify']);
}

/** 16 random bytes in hex, the first below 0x80 and above zero: a positive number of fixed length (RFC 5280 section 4.1.2.2). */
function randomSerial(): string {
  const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(16)));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

async function exportPrivateKey(key: PrivateKey): Promise<string> {
  return asFile(x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY'));
}

function asFile(pem: string): string {
  return `${pem.trimEnd()}\n`;
}
