import { rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { startFakeDns } from '../fake-dns/fake-dns-server.ts';
import type { FakeDnsServer } from '../fake-dns/fake-dns-server.ts';
import { createCertificateAuthority } from '../pki/certificate-authority.ts';
import { writeCertificateFiles } from '../pki/certificate-files.ts';
import { buildProduct } from './build-product.ts';
import { createInstances } from './create-instances.ts';
import { claimDemoDirectory } from './demo-directory.ts';
import type { DemoDirectory } from './demo-directory.ts';
import { describePlayground } from './descriptor.ts';
import type { DemoDescriptor } from './descriptor.ts';
import { followSignal } from './follow-signal.ts';
import { inheritedEnvironment } from './instance-environment.ts';
import type { Instance, InstanceDependencies } from './instance.ts';
import type { PlaygroundOptions } from './playground-options.ts';
import { discoveryRecords } from './playground-zone.ts';
import { startInstance, startServer } from './start-instance.ts';

/** A running playground; disposing of it ends every process and removes its directory. */
export interface Playground {
  readonly dns: FakeDnsServer;
  /** What `demo.json` says, as it is now. */
  descriptor(): Promise<DemoDescriptor>;
  /** Ends a server alone by a signal, SIGKILL unless told otherwise, and waits until it is gone. */
  kill(domain: string, signal?: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<void>;
  /** Starts a server again on the same ports and data, ending it first if it runs, and waits until it is ready. */
  restart(domain: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const PROJECT_ROOT = resolve(import.meta.dirname, '../..');
const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;

/** The parts of a playground, as far as they exist. */
interface Parts {
  readonly dns: FakeDnsServer;
  readonly instances: readonly Instance[];
  readonly describe: () => Promise<DemoDescriptor>;
}

/**
 * Starts a playground: builds if needed, then fake DNS, certificates, one server and one client driver per domain.
 * Resolves when all are ready and `demo.json` is written. On failure everything is stopped again, the logs are kept for
 * the reader, and it throws `PlaygroundError`; an interrupted start leaves nothing and throws the signal's reason.
 */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const directory = await claimDemoDirectory(resolve(options.directory));
  const signal = options.signal ?? new AbortController().signal;
  let parts: Parts | null = null;
  try {
    await buildProduct(options.buildCommand, { workingDirectory: PROJECT_ROOT, signal, log: options.log });
    parts = await prepareParts(options, directory);
    await startAll(parts, signal, options.log);
    await writeDescriptor(directory, await parts.describe());
    return createPlayground(parts, directory, options.log);
  } catch (error) {
    if (parts !== null) await endParts(parts);
    await (signal.aborted ? directory.remove() : directory.abandon());
    throw error;
  }
}

async function prepareParts(options: PlaygroundOptions, directory: DemoDirectory): Promise<Parts> {
  const pkiDirectory = join(directory.path, 'pki');
  const authority = await createCertificateAuthority();
  const ca = await writeCertificateFiles(pkiDirectory, 'ca', authority);
  const queryLog = join(directory.path, 'dns-queries.jsonl');
  const dns = await startFakeDns({ host: HOST, queryLogFile: queryLog, records: options.peers.flatMap(discoveryRecords) });
  options.log(`fake DNS answers on ${dns.host}:${dns.port}`);
  const shared = { host: HOST, directory: directory.path, authority, pkiDirectory, caFile: ca.certificateFile };
  const ground = { ...shared, options, dnsServer: `${dns.host}:${dns.port}` };
  try {
    const instances = await createInstances(ground, instanceDependencies(options, directory));
    for (const { settings } of instances) dns.zone.add(...discoveryRecords({ ...settings, port: settings.s2sPort }));
    return { dns, instances, describe: () => describePlayground({ instances, peers: options.peers, dns, ca, queryLog }) };
  } catch (error) {
    await dns[Symbol.asyncDispose]();
    throw error;
  }
}

function instanceDependencies(options: PlaygroundOptions, directory: DemoDirectory): InstanceDependencies {
  return {
    serverCommand: options.serverCommand ?? [process.execPath, 'server/main.ts'],
    driverCommand: options.driverCommand ?? [process.execPath, 'client/headless/driver-main.ts'],
    workingDirectory: PROJECT_ROOT,
    inherited: inheritedEnvironment(process.env),
    readyTimeoutMs: options.readyTimeoutMs ?? READY_TIMEOUT_MS,
    stopTimeoutMs: options.stopTimeoutMs ?? STOP_TIMEOUT_MS,
    log: options.log,
    remember: directory.remember,
  };
}

/** Starts all at once; the first failure ends the waiting for the others, and is thrown when none is starting any more. */
async function startAll({ dns, instances }: Parts, interrupted: AbortSignal, log: (line: string) => void): Promise<void> {
  const { signal, abort, unfollow } = followSignal(interrupted);
  await Promise.all(instances.map((instance) => startInstance(instance, { dns, signal, log }).catch(abort)));
  unfollow();
  signal.throwIfAborted();
}

function createPlayground(parts: Parts, directory: DemoDirectory, log: (line: string) => void): Playground {
  const stopping = new AbortController();
  // Two instances may be restarted at once: each word on where they run is written whole before the next one.
  let published: Promise<void> = Promise.resolve();
  const publish = (): Promise<void> => (published = published.catch(() => undefined).then(async () => writeDescriptor(directory, await parts.describe())));
  const find = (domain: string): Instance => {
    const found = parts.instances.find((instance) => instance.settings.domain === domain);
    if (found === undefined) throw new Error(`${domain} is not an instance of this playground`);
    return found;
  };
  return {
    dns: parts.dns,
    descriptor: parts.describe,
    kill: (domain, signal = 'SIGKILL') => find(domain).killServer(signal),
    async restart(domain) {
      const instance = find(domain);
      await instance.stopServer();
      await startServer(instance, { dns: parts.dns, signal: stopping.signal, log });
      await publish();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await endParts(parts);
      await directory.remove();
    },
  };
}

async function endParts({ dns, instances }: Parts): Promise<void> {
  await Promise.all(instances.map((instance) => instance.end()));
  await dns[Symbol.asyncDispose]();
}

/** Replaces `demo.json` in one step: whoever reads it sees it whole. It holds database passwords, so it is the owner's alone. */
async function writeDescriptor(directory: DemoDirectory, descriptor: DemoDescriptor): Promise<void> {
  const file = join(directory.path, 'demo.json');
  await writeFile(`${file}.new`, `${JSON.stringify(descriptor, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
