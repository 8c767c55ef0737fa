import type { Command } from 'commander';
import { readConfig } from '../../config/read-config.ts';
import { loadConfiguredKeys } from '../configured-keys.ts';
import { printOutcome } from '../print.ts';

interface KeysOptions {
  readonly json?: boolean;
}

/** Adds `keys generate` and `keys show`. @see docs/protocol.md [KEY-1] */
export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('the Ed25519 federation key of this instance');
  keys
    .command('generate')
    .description('make the federation key (federation-key.pem in the data folder, mode 0600); an existing one is kept')
    .option('--json', 'print one JSON object')
    .action((options: KeysOptions) => show(options, true));
  keys
    .command('show')
    .description('print the public federation key')
    .option('--json', 'print one JSON object')
    .action((options: KeysOptions) => show(options, false));
}

async function show(options: KeysOptions, create: boolean): Promise<void> {
  const config = readConfig(process.env);
  const { kid, publicKey } = await loadConfiguredKeys(config, { create });
  printOutcome(options, {
    json: { domain: config.domain, kid, publicKey },
    lines: [`domain      ${config.domain}`, `key id      ${kid}`, `public key  ${publicKey}`],
  });
}
