import type { Command } from 'commander';
import { readConfig } from '../../config/read-config.ts';
import { HTTPS_PORT } from '../../federation/discovery/peer-connector.ts';
import { loadConfiguredKeys } from '../configured-keys.ts';
import { checkRecords } from '../dns/check-records.ts';
import { expectedRecords, formatRecord } from '../dns/expected-records.ts';
import { EXIT, UsageError } from '../exit.ts';
import { openNetwork } from '../../network.ts';
import { printOutcome } from '../print.ts';
import { readDomain } from '../read-domain.ts';

interface DnsOptions {
  readonly target?: string;
  readonly port: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

const MORE = `
One TXT record is printed for every key that the instance lists; during a rotation there are several.

With --check nothing is made: the records above are compared with what DNS says now and with the key document that the
domain serves, one line for each difference with what to change. Give the same --target and --port as for printing.
Exit codes with --check: 0 all equal, 1 something differs, 2 usage or configuration.`;

/** Adds `dns`: the records to publish, ready to paste, and with --check what differs from them. @see docs/protocol.md [DISC-1] [KEY-4] */
export function addDnsCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('dns')
    .description('print the SRV and TXT records to publish, or check those that are published')
    .option('--target <host>', 'host name of the listener for servers; the domain itself by default')
    .option('--port <port>', 'its port as seen from outside', String(HTTPS_PORT))
    .option('--check', 'compare with what DNS and the key document say now')
    .option('--json', 'print one JSON object')
    .addHelpText('after', MORE)
    .action((options: DnsOptions) => runDns(options, setExitCode));
}

async function runDns(options: DnsOptions, setExitCode: (code: number) => void): Promise<void> {
  const config = readConfig(process.env);
  const { domain } = config;
  const target = options.target === undefined ? domain : readDomain(options.target);
  const port = readPort(options.port);
  const check = options.check === true;
  const ownKeys = await loadConfiguredKeys(config, { create: !check });
  const keys = ownKeys.listed().map(({ kid, publicKey }) => ({ kid, publicKey }));
  const publication = { domain, target, port, keys };
  const records = expectedRecords(publication);
  if (!check) return printOutcome(options, { json: { records }, lines: records.map(formatRecord) });
  const differences = await checkRecords(publication, openNetwork(config), { now: () => new Date() });
  const equal = differences.length === 0;
  if (!equal) setExitCode(EXIT.bad);
  const lines = equal ? [`DNS and the key document of ${domain} are as they should be.`] : differences.map(({ record, clause, detail, fix }) => `${record}  [${clause}] ${detail}. ${fix}`);
  printOutcome(options, { json: { domain, equal, records, differences }, lines });
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new UsageError('A port is a whole number from 1 to 65535.');
  return port;
}
