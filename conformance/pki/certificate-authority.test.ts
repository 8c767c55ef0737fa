import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';

import { describe, expect, test } from 'vitest';

import { createCertificateAuthority } from './certificate-authority.ts';
import type { IssuedCertificate } from './certificate-authority.ts';
import { writeCertificateFiles } from './certificate-files.ts';

/** Makes one TLS handshake and gives `'accepted'` or the code with which the client refused. */
async function handshake(certificate: IssuedCertificate, ca: string, servername: string): Promise<string> {
  const server = createServer({ cert: certificate.certificateChainPem, key: certificate.privateKeyPem });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, servername, ca, minVersion: 'TLSv1.2' });
  try {
    await once(client, 'secureConnect');
    return 'accepted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    client.destroy();
    server.close();
  }
}

describe('a throw-away certificate authority', () => {
  test('[DISC-4] a certificate for the domain is accepted under that name and its other names', async () => {
    const authority = await createCertificateAuthority();
    const certificate = await authority.issue({ names: ['a.test', 's2s.a.test'] });
    expect(await handshake(certificate, authority.certificatePem, 'a.test')).toBe('accepted');
    expect(await handshake(certificate, authority.certificatePem, 's2s.a.test')).toBe('accepted');
  });

  test('[DISC-4] a certificate for another name is refused', async () => {
    const authority = await createCertificateAuthority();
    const certificate = await authority.issue({ names: ['b.test'] });
    expect(await handshake(certificate, authority.certificatePem, 'a.test')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('[DISC-4] an expired certificate is refused', async () => {
    const authority = await createCertificateAuthority();
    const certificate = await authority.issue({ names: ['a.test'], notAfter: new Date(Date.now() - 60_000) });
    expect(await handshake(certificate, authority.certificatePem, 'a.test')).toBe('CERT_HAS_EXPIRED');
  });

  test('[DISC-4] a certificate that is not valid yet is refused', async () => {
    const authority = await createCertificateAuthority();
    const certificate = await authority.issue({ names: ['a.test'], notBefore: new Date(Date.now() + 3_600_000) });
    expect(await handshake(certificate, authority.certificatePem, 'a.test')).toBe('CERT_NOT_YET_VALID');
  });

  test('[DISC-4] a certificate of another authority is refused', async () => {
    const [trusted, foreign] = await Promise.all([createCertificateAuthority(), createCertificateAuthority()]);
    const certificate = await foreign.issue({ names: ['a.test'] });
    expect(await handshake(certificate, trusted.certificatePem, 'a.test')).not.toBe('accepted');
  });

  test('key files can be read by their owner only', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'securechat-pki-'));
    try {
      const authority = await createCertificateAuthority();
      const files = await writeCertificateFiles(directory, 'ca', authority);
      expect((await stat(files.keyFile)).mode & 0o777).toBe(0o600);
      expect(await readFile(files.keyFile, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
      expect(await readFile(files.certificateFile, 'utf8')).toBe(authority.certificatePem);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
