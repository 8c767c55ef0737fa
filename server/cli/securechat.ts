import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/read-config.ts';
import { addConfigCommand } from './commands/config.ts';
import { addDnsCommand } from './commands/dns.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addInviteCommand } from './commands/invite.ts';
import { addKeysCommand } from './commands/keys.ts';
import { addPeersCommand } from './commands/peers.ts';
import { addStartCommand } from './commands/start.ts';
import { EXIT, UsageError } from './exit.ts';
import { printFailure } from './print.ts';

/** Runs one command of the operator; exit codes 0 good, 1 the thing checked is bad, 2 usage or configuration, 3 our fault. */
async function main(args: readonly string[]): Promise<number> {
  // Commands made from it below take over its handling of errors.
  const program = new Command('securechat')
    .description('Runs and looks after one SecureChat instance; its settings come from the environment (see docs/operations.md).')
    .exitOverride()
    .showHelpAfterError('(--help lists what there is)');
  let exitCode: number = EXIT.good;
  const setExitCode = (code: number): void => {
    exitCode = code;
  };
  addStartCommand(program);
  addKeysCommand(program);
  addDnsCommand(program, setExitCode);
  addDoctorCommand(program, setExitCode);
  addConfigCommand(program, setExitCode);
  addInviteCommand(program);
  addPeersCommand(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
  if (error instanceof ConfigError || error instanceof UsageError) {
    printFailure(error.message);
    return EXIT.usage;
  }
  printFailure(error instanceof Error ? error.message : 'failed for an unknown reason');
  return EXIT.ownFault;
}

process.exitCode = await main(process.argv.slice(2));
