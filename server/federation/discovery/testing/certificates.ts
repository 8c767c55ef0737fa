// The polyfill has to be there before the X.509 library is loaded.
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';

import * as x509 from '@peculiar/x509';

/** A certificate and its private key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A throw-away authority that issues for DNS names; a negative lifetime gives a certificate that is over. */
export interface TestAuthority {
  readonly pem: string;
  issue(name: string, lifetimeMs?: number): Promise<TestCertificate>;
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

// The library's own handle: its types follow whichever of the two WebCrypto declarations is in force.
const { subtle } = x509.cryptoProvider.get();

type KeyPair = Awaited<ReturnType<typeof generateKeys>>;

/** Creates a throw-away authority. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const keys = await generateKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: 'CN=Test authority',
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + HOUR_MS),
    keys,
    signingAlgorithm: ECDSA,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return {
    pem: root.toString('pem'),
    issue: (name, lifetimeMs = HOUR_MS) => issue({ root, signingKey: keys.privateKey }, name, lifetimeMs),
  };
}

/** Issues a certificate that only itself vouches for. */
export async function createSelfSigned(name: string): Promise<TestCertificate> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + HOUR_MS),
    keys,
    signingAlgorithm: ECDSA,
    extensions: [namesExtension(name)],
  });
  return { cert: certificate.toString('pem'), key: await exportKey(keys) };
}

async function issue(
  { root, signingKey }: { readonly root: x509.X509Certificate; readonly signingKey: KeyPair['privateKey'] },
  name: string,
  lifetimeMs: number,
): Promise<TestCertificate> {
  const keys = await generateKeys();
  const notAfter = new Date(Date.now() + lifetimeMs);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: `CN=${name}`,
    issuer: root.subject,
    notBefore: new Date(notAfter.getTime() - 2 * HOUR_MS),
    notAfter,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ECDSA,
    extensions: [namesExtension(name)],
  });
  return { cert: certificate.toString('pem'), key: await exportKey(keys) };
}

function namesExtension(name: string): x509.SubjectAlternativeNameExtension {
  return new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]);
}

function generateKeys() {
  return subtle.generateKey(ECDSA, true, ['sign', 'verify']);
}

function newSerial(): string {
  return `40${randomBytes(8).toString('hex')}`;
}

async function exportKey(keys: KeyPair): Promise<string> {
  return x509.PemConverter.encode(await subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}
