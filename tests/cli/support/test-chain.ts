// The polyfill has to be there before the X.509 library is loaded.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { TlsCertificate } from '../../support/test-authority.ts';

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** What a leaf is issued with; `chain` false leaves the intermediate out of what the server sends. */
interface LeafOptions {
  readonly names: readonly string[];
  readonly notAfter?: Date;
  readonly chain?: boolean;
}

/** A root that issues through an intermediate, as public authorities do. */
export interface TestChain {
  readonly rootPem: string;
  issue(options: LeafOptions): Promise<TlsCertificate>;
}

type Keys = Awaited<ReturnType<typeof generateKeys>>;

/** Creates a root and its intermediate. */
export async function createTestChain(): Promise<TestChain> {
  const [rootKeys, middleKeys] = await Promise.all([generateKeys(), generateKeys()]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Chain root',
    ...validity(),
    keys: rootKeys,
    signingAlgorithm: ECDSA_P256,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const middle = await x509.X509CertificateGenerator.create({
    subject: 'CN=Chain intermediate',
    issuer: root.subject,
    ...validity(),
    publicKey: middleKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: ECDSA_P256,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return { rootPem: asFile(root), issue: (options) => issue(middle, middleKeys, options) };
}

async function issue(middle: x509.X509Certificate, middleKeys: Keys, { names, notAfter, chain = true }: LeafOptions): Promise<TlsCertificate> {
  const keys = await generateKeys();
  const leaf = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [names[0] ?? ''] }],
    issuer: middle.subject,
    ...validity(notAfter),
    publicKey: keys.publicKey,
    signingKey: middleKeys.privateKey,
    signingAlgorithm: ECDSA_P256,
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }) as const)),
    ],
  });
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: chain ? asFile(leaf) + asFile(middle) : asFile(leaf), key };
}

function validity(notAfter = new Date(Date.now() + 30 * DAY_MS)): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Math.min(Date.now(), notAfter.getTime()) - DAY_MS), notAfter };
}

function generateKeys() {
  return crypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify']);
}

function asFile(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trimEnd()}\n`;
}
