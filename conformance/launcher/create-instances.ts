import { join } from 'node:path';

import type { CertificateAuthority } from '../pki/certificate-authority.ts';
import { writeCertificateFiles } from '../pki/certificate-files.ts';
import { findFreePort } from './free-port.ts';
import { createInstance } from './instance.ts';
import type { Instance, InstanceDependencies } from './instance.ts';
import type { PeerPlace } from './places.ts';
import type { PlaygroundOptions } from './playground-options.ts';

/** What instances share. */
interface Ground {
  readonly options: Pick<PlaygroundOptions, 'domains' | 'peers' | 'firstWebPort' | 'firstS2sPort'>;
  readonly host: string;
  readonly directory: string;
  readonly authority: CertificateAuthority;
  readonly pkiDirectory: string;
  readonly caFile: string;
  readonly dnsServer: string;
}

const FIRST_WEB_PORT = 3001;
const FIRST_S2S_PORT = 8451;

/** Creates the instances, none of them started: ports that are free, a certificate for each domain, and all places known to all. */
export async function createInstances(ground: Ground, dependencies: InstanceDependencies): Promise<readonly Instance[]> {
  const { options, host, authority } = ground;
  const promised = new Set<number>();
  const own: { domain: string; webPort: number; s2sPort: number }[] = [];
  for (const domain of options.domains) {
    const webPort = await findFreePort(host, options.firstWebPort ?? FIRST_WEB_PORT, promised);
    own.push({ domain, webPort, s2sPort: await findFreePort(host, options.firstS2sPort ?? FIRST_S2S_PORT, promised) });
  }
  const places = [...own.map(({ domain, s2sPort }) => ({ domain, host, port: s2sPort })), ...exactFirst(options.peers)];
  const { caFile, dnsServer } = ground;
  return Promise.all(
    own.map(async (one) => {
      const certificate = await authority.issue({ names: [one.domain, `s2s.${one.domain}`] });
      const tls = await writeCertificateFiles(ground.pkiDirectory, one.domain, certificate);
      const dataDirectory = join(ground.directory, one.domain);
      return createInstance({ ...one, host, tls, caFile, dataDirectory, dnsServer, places }, dependencies);
    }),
  );
}

/** An exact name stands before a wildcard that covers it, for readers who take the first that fits. */
function exactFirst(peers: readonly PeerPlace[]): readonly PeerPlace[] {
  return peers.toSorted((left, right) => Number(left.domain.startsWith('*')) - Number(right.domain.startsWith('*')));
}
