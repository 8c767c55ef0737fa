import { randomInt } from 'node:crypto';
import type { Config } from './config/read-config.ts';
import { createDnsClient, systemDnsServers } from './federation/discovery/dns-client.ts';
import type { DnsClient } from './federation/discovery/dns-client.ts';
import { createEgressGuard } from './federation/discovery/egress-guard.ts';
import type { EgressGuard } from './federation/discovery/egress-guard.ts';
import { createGuardedRequest } from './federation/discovery/guarded-request.ts';
import type { GuardedRequest } from './federation/discovery/guarded-request.ts';
import type { TestConnect } from './federation/discovery/test-connect.ts';

/** The way out to DNS and peers, the instance's and that of its command-line tools. */
export interface Network {
  readonly dns: DnsClient;
  readonly egressGuard: EgressGuard;
  readonly guardedRequest: GuardedRequest;
  readonly testConnect: TestConnect;
  /** Roots beside the usual ones. */
  readonly caPem: string | null;
}

const DNS_TIMEOUT_MS = 2_000;
const RANDOM_STEPS = 2 ** 32;

/** Opens the way out that the configuration describes. */
export function openNetwork(config: Config): Network {
  const servers = config.SECURECHAT_DNS_SERVERS.length > 0 ? config.SECURECHAT_DNS_SERVERS : systemDnsServers();
  const dns = createDnsClient({ servers, timeoutMs: DNS_TIMEOUT_MS, randomInt });
  const egressGuard = createEgressGuard({ testRanges: config.SECURECHAT_TEST_RANGES });
  const testConnect = new Map(config.SECURECHAT_TEST_CONNECT.map(([name, { host, port }]) => [name, { address: host, port }]));
  const { caPem } = config;
  const guardedRequest = createGuardedRequest({ dns, egressGuard, testConnect, ...(caPem === null ? {} : { caPem }) });
  return { dns, egressGuard, guardedRequest, testConnect, caPem };
}

/** Gives a number from 0 up to 1, of the system's randomness, for weighted choices and delays. */
export function randomFraction(): number {
  return randomInt(RANDOM_STEPS) / RANDOM_STEPS;
}
