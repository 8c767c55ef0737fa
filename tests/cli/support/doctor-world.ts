import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ZoneRecord } from '../../../conformance/fake-dns/zone.ts';
import { createForeignKeys } from '../../support/foreign-signer.ts';
import { runCommand } from '../../support/run-command.ts';
import { startTestPlayground } from '../../support/test-playground.ts';
import type { TestPlayground } from '../../support/test-playground.ts';
import { startFront } from './front-server.ts';
import type { Backend, Front, Serve } from './front-server.ts';
import { scriptedPeer } from './scripted-peer.ts';
import type { PeerScript } from './scripted-peer.ts';
import { createTestChain } from './test-chain.ts';
import type { TestChain } from './test-chain.ts';

/** What a run of `doctor` said. */
export interface Diagnosis {
  readonly code: number | null;
  readonly verdict: string;
  readonly steps: readonly { readonly id: string; readonly side: string; readonly status: string; readonly clause: string; readonly detail: string; readonly fix: string | null }[];
}

/** Where a domain is in DNS, and where port 443 of it really is. */
interface Placement {
  readonly srvPort?: number;
  readonly homePort?: number;
}

/** Two real instances, a.test and b.test, their DNS, and scripted servers of other domains beside them. */
export interface DoctorWorld {
  readonly ground: TestPlayground;
  readonly chain: TestChain;
  /** Leads to a real instance. */
  backend(domain: string): Promise<Backend>;
  /** Puts a domain into DNS; port 443 of it is led to `homePort`. */
  place(domain: string, placement: Placement): void;
  /** Replaces the SRV record of an instance until {@link DoctorWorld.restore}. */
  replaceSrv(domain: string, record: { readonly port: number; readonly target?: string }): void;
  /** Leads port 443 of a domain elsewhere until {@link DoctorWorld.restore}. */
  replaceHome(domain: string, port: number): void;
  restore(): Promise<void>;
  /** Starts a server for a domain with a sound certificate unless another is given, and puts it into DNS. */
  front(domain: string, serve: Serve, certificate?: Awaited<ReturnType<TestChain['issue']>>): Promise<Front>;
  /** Starts a server that behaves as SecureChat does, but for what the script says. */
  peer(script: Omit<PeerScript, 'keys'>, certificate?: Awaited<ReturnType<TestChain['issue']>>): Promise<Front>;
  /** The environment of an operator of `domain`. */
  environment(domain: string): Promise<Readonly<Record<string, string>>>;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): ReturnType<typeof runCommand>;
  doctor(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Diagnosis>;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const TTL_SECONDS = 60;

/** Starts the world. */
export async function startDoctorWorld(): Promise<DoctorWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'securechat-doctor-'));
  const ground = await startTestPlayground({ domains: ['a.test', 'b.test'] });
  const { zone } = ground.playground.dns;
  const chain = await createTestChain();
  const caFile = join(directory, 'roots.pem');
  await writeFile(caFile, `${ground.authority.certificatePem}${chain.rootPem}`);
  const homes = new Map<string, number>();
  const fronts: Front[] = [];
  const original = await Promise.all(['a.test', 'b.test'].map(async (domain) => [domain, (await ground.instance(domain)).s2s.port] as const));

  const world: DoctorWorld = {
    ground,
    chain,
    async backend(domain) {
      const { s2s } = await ground.instance(domain);
      return { ...s2s, serverName: domain, ca: ground.authority.certificatePem };
    },
    place(domain, { srvPort, homePort }) {
      if (srvPort !== undefined) world.replaceSrv(domain, { port: srvPort });
      for (const name of [domain, `s2s.${domain}`]) {
        zone.remove(name, 'A');
        zone.add({ name, type: 'A', ttlSeconds: TTL_SECONDS, address: HOST });
      }
      if (homePort !== undefined) homes.set(domain, homePort);
    },
    replaceSrv(domain, record) {
      zone.remove(`_securechat-s2s._tcp.${domain}`, 'SRV');
      zone.add(srv(domain, record));
    },
    replaceHome: (domain, port) => void homes.set(domain, port),
    async restore() {
      for (const [domain, port] of original) {
        world.replaceSrv(domain, { port });
        homes.set(domain, port);
      }
      await Promise.all(fronts.splice(0).map((front) => front.stop()));
    },
    async front(domain, serve, certificate) {
      const started = await startFront(certificate ?? (await chain.issue({ names: [domain] })), serve);
      fronts.push(started);
      return started;
    },
    async peer(script, certificate) {
      const started = await world.front(script.domain, scriptedPeer({ profile: 'full', ...script, keys: createForeignKeys() }), certificate);
      world.place(script.domain, { srvPort: started.port, homePort: started.port });
      return started;
    },
    async environment(domain) {
      const { dns } = await ground.playground.descriptor();
      return {
        SECURECHAT_DOMAIN: domain,
        SECURECHAT_DATA_DIR: join(ground.directory, domain),
        SECURECHAT_DNS_SERVERS: `${dns.host}:${dns.port}`,
        SECURECHAT_CA_FILE: caFile,
        SECURECHAT_TEST_RANGES: '127.0.0.0/8',
        SECURECHAT_TEST_CONNECT: [...homes].map(([name, port]) => `${name}:443=${HOST}:${port}`).join(','),
        NODE_COMPILE_CACHE: join(directory, 'compiled'),
      };
    },
    run: async (args, env = {}) => runCommand(['server/cli/securechat.ts', ...args], { ...(await world.environment('a.test')), ...env }),
    async doctor(args = [], env = {}) {
      const { code, stdout, stderr } = await world.run(['doctor', '--json', ...args], env);
      if (stderr !== '') throw new Error(`doctor wrote to stderr: ${stderr}`);
      return { code, ...JSON.parse(stdout) };
    },
    async stop() {
      await world.restore();
      await ground.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await world.restore();
  return world;
}

function srv(domain: string, { port, target = `s2s.${domain}` }: { readonly port: number; readonly target?: string }): ZoneRecord {
  return { name: `_securechat-s2s._tcp.${domain}`, type: 'SRV', ttlSeconds: TTL_SECONDS, priority: 0, weight: 0, port, target };
}
