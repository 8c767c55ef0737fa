// The polyfill has to be there before the X.509 library is loaded.
import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import * as x509 from '@peculiar/x509';

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** A certificate chain and its key, both PEM, as `node:tls` takes them. */
export interface TlsCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A throw-away certificate authority. */
export interface TestAuthority {
  readonly certificatePem: string;
  /** Issues a server certificate for DNS names. */
  issue(...names: readonly string[]): Promise<TlsCertificate>;
}

/** Opens the authority of a playground, as a foreign server does: from the two files that its descriptor names. */
export async function openTestAuthority(files: { readonly caFile: string; readonly caKeyFile: string }): Promise<TestAuthority> {
  const certificatePem = await readFile(files.caFile, 'utf8');
  const issuer = new x509.X509Certificate(certificatePem);
  const keyBytes = x509.PemConverter.decodeFirst(await readFile(files.caKeyFile, 'utf8'));
  const signingKey = await crypto.subtle.importKey('pkcs8', keyBytes, ECDSA_P256, false, ['sign']);
  return {
    certificatePem,
    async issue(...names) {
      const keys = await crypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify']);
      const certificate = await x509.X509CertificateGenerator.create({
        subject: [{ CN: [names[0] ?? ''] }],
        issuer: issuer.subject,
        notBefore: new Date(Date.now() - DAY_MS),
        notAfter: new Date(Date.now() + DAY_MS),
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm: ECDSA_P256,
        extensions: [
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }) as const)),
        ],
      });
      const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
      return { cert: certificate.toString('pem'), key };
    },
  };
}
