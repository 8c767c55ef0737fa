import type { Command } from 'commander';
import { formatKeyTxt, keyTxtName, srvName } from '../../../protocol/key-txt.ts';
import { readConfig } from '../../config/read-config.ts';
import { loadConfiguredKeys } from '../configured-keys.ts';
import { UsageError } from '../exit.ts';
import { printOutcome } from '../print.ts';
import { readDomain } from '../read-domain.ts';

const TTL_SECONDS = 3600;
const HTTPS_PORT = 443;

/** Adds `dns`: the records to publish, ready to paste. @see docs/protocol.md [DISC-1] [KEY-4] */
export function addDnsCommand(program: Command): void {
  program
    .command('dns')
    .description('print the SRV and TXT records to publish')
    .option('--target <host>', 'host name of the listener for servers; the domain itself by default')
    .option('--port <port>', 'its port as seen from outside', String(HTTPS_PORT))
    .option('--json', 'print one JSON object')
    .action(async (options: { target?: string; port: string; json?: boolean }) => {
      const config = readConfig(process.env);
      const { domain } = config;
      const target = options.target === undefined ? domain : readDomain(options.target);
      const port = readPort(options.port);
      const { kid, publicKey } = await loadConfiguredKeys(config, { create: true });
      const records = [
        { name: srvName(domain), type: 'SRV', data: `10 10 ${port} ${target}.` },
        { name: keyTxtName(domain), type: 'TXT', data: `"${formatKeyTxt({ kid, publicKey })}"` },
      ];
      printOutcome(options, {
        json: { records },
        lines: records.map(({ name, type, data }) => `${name}. ${TTL_SECONDS} IN ${type} ${data}`),
      });
    });
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new UsageError('A port is a whole number from 1 to 65535.');
  return port;
}
