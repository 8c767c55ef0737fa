import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CertificateAuthority, IssuedCertificate } from './certificate-authority.ts';

/** Absolute or relative paths of a PEM certificate and its PEM key, as its directory was given. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Writes a certificate as `<name>.pem` and its key as `<name>.key.pem`, which only the owner may read (mode 0600). */
export async function writeCertificateFiles(
  directory: string,
  name: string,
  certificate: IssuedCertificate | CertificateAuthority,
): Promise<CertificateFiles> {
  const files = { certificateFile: join(directory, `${name}.pem`), keyFile: join(directory, `${name}.key.pem`) };
  const pem = 'certificatePem' in certificate ? certificate.certificatePem : certificate.certificateChainPem;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(files.certificateFile, pem);
  await writeFile(files.keyFile, certificate.privateKeyPem, { mode: 0o600, flag: 'wx' });
  return files;
}
