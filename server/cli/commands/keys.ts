import type { Command } from 'commander';
import { readConfig } from '../../config/read-config.ts';
import { readConfiguredRing } from '../configured-keys.ts';
import { describeKeyRing } from '../describe-key-ring.ts';
import { printOutcome } from '../print.ts';
import { addKeysRotateCommand } from './keys-rotate.ts';

interface KeysOptions {
  readonly json?: boolean;
}

/** Adds `keys generate`, `keys show` and `keys rotate`. @see docs/protocol.md [KEY-1] [KEY-6] */
export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('the Ed25519 federation keys of this instance');
  keys
    .command('generate')
    .description('make the federation key (federation-key.pem in the data folder, mode 0600); existing ones are kept')
    .option('--json', 'print one JSON object')
    .action((options: KeysOptions) => show(options, true));
  keys
    .command('show')
    .description('print the public federation keys that peers are told now, and what each is for')
    .option('--json', 'print one JSON object')
    .action((options: KeysOptions) => show(options, false));
  addKeysRotateCommand(keys);
}

async function show(options: KeysOptions, create: boolean): Promise<void> {
  const config = readConfig(process.env);
  const ring = await readConfiguredRing(config, { create });
  printOutcome(options, describeKeyRing(ring, { domain: config.domain, now: new Date() }));
}
