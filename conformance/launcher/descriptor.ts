import type { FakeDnsServer } from '../fake-dns/fake-dns-server.ts';
import type { CertificateFiles } from '../pki/certificate-files.ts';
import type { Instance } from './instance.ts';
import type { PeerPlace } from './places.ts';

/** One instance as `demo.json` describes it; `databaseUrl` is `null` if the server named none. */
interface InstanceDescriptor {
  readonly domain: string;
  readonly url: string;
  readonly s2s: { readonly host: string; readonly port: number };
  readonly databaseUrl: string | null;
  readonly logFile: string;
  readonly pid: number;
}

/** What `demo.json` holds: all that a harness needs to find its way in the playground. Files are absolute paths. */
export interface DemoDescriptor {
  readonly instances: readonly InstanceDescriptor[];
  readonly dns: { readonly host: string; readonly port: number; readonly queryLog: string };
  readonly caFile: string;
  readonly caKeyFile: string;
  /** The client driver's address by domain. */
  readonly driver: Readonly<Record<string, string>>;
  readonly peers: readonly PeerPlace[];
}

/** The parts of a playground that its descriptor is made from. */
interface DescribedParts {
  readonly instances: readonly Instance[];
  readonly peers: readonly PeerPlace[];
  readonly dns: FakeDnsServer;
  readonly ca: CertificateFiles;
  readonly queryLog: string;
}

/** Describes a running playground as it is now. */
export async function describePlayground({ instances, peers, dns, ca, queryLog }: DescribedParts): Promise<DemoDescriptor> {
  return {
    instances: await Promise.all(instances.map(describeInstance)),
    dns: { host: dns.host, port: dns.port, queryLog },
    caFile: ca.certificateFile,
    caKeyFile: ca.keyFile,
    driver: Object.fromEntries(instances.map((instance) => [instance.settings.domain, instance.driverUrl()])),
    peers,
  };
}

async function describeInstance(instance: Instance): Promise<InstanceDescriptor> {
  const { domain, host, s2sPort } = instance.settings;
  return {
    domain,
    url: instance.url,
    s2s: { host, port: s2sPort },
    databaseUrl: await instance.readDatabaseUrl(),
    logFile: instance.logFile,
    pid: instance.pid(),
  };
}
