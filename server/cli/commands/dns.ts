import type { Command } from 'commander';
import { formatKeyTxt, keyTxtName, srvName } from '../../../protocol/key-txt.ts';
import { readConfig } from '../../config/read-config.ts';
import { loadOwnKeys } from '../../federation/keys/own-keys.ts';
import { printOutcome } from '../print.ts';

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
      const { domain, dataDirectory: directory, SECURECHAT_S2S_PRIVATE_KEY: pem } = config;
      const { kid, publicKey } = await loadOwnKeys(pem === null ? { domain, directory, create: true } : { domain, pem });
      const target = options.target ?? domain;
      const records = [
        { name: srvName(domain), type: 'SRV', data: `10 10 ${options.port} ${target}.` },
        { name: keyTxtName(domain), type: 'TXT', data: `"${formatKeyTxt({ kid, publicKey })}"` },
      ];
      printOutcome(options, {
        json: { records },
        lines: records.map(({ name, type, data }) => `${name}. ${TTL_SECONDS} IN ${type} ${data}`),
      });
    });
}
