import type { FakeDnsServer } from '../fake-dns/fake-dns-server.ts';
import { httpGet } from './http-get.ts';
import type { Instance } from './instance.ts';
import { keyRecordName, keyRecords } from './playground-zone.ts';

/** What accompanies a start. */
interface Start {
  readonly dns: FakeDnsServer;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Starts server and client driver of an instance. */
export async function startInstance(instance: Instance, start: Start): Promise<void> {
  await startServer(instance, start);
  await instance.startDriver(start.signal);
  start.log(`${instance.settings.domain}'s client driver answers on ${instance.driverUrl()}`);
}

/** Starts an instance's server, waits until it is ready and puts its keys into DNS. */
export async function startServer(instance: Instance, { dns, signal, log }: Start): Promise<void> {
  const { domain } = instance.settings;
  log(`starting ${domain} …`);
  await instance.startServer(signal);
  await publishKeys(instance, dns).catch((error: unknown) => log(`${domain}'s key is not in DNS: ${String(error)}`));
  log(`${domain} is ready on ${instance.url}`);
}

/** Repeats the instance's keys as TXT records ([KEY-4]); they are known only once it runs. */
async function publishKeys(instance: Instance, dns: FakeDnsServer): Promise<void> {
  const { domain } = instance.settings;
  const document = await httpGet(`${instance.url}/.well-known/securechat-federation-key`, 5_000);
  dns.zone.remove(keyRecordName(domain), 'TXT');
  dns.zone.add(...keyRecords(domain, document.body));
}
