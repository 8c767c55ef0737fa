import type { Command } from 'commander';
import { ConfigError, readConfig } from '../../config/read-config.ts';
import { EXIT } from '../exit.ts';
import { printOutcome } from '../print.ts';

/** Adds `config check`: every fault of the environment at once, exit code 2 when there is one. */
export function addConfigCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('config')
    .description('the configuration of this instance')
    .command('check')
    .description('read the environment and say everything that is wrong with it')
    .option('--json', 'print one JSON object')
    .action((options: { json?: boolean }) => {
      const faults = findFaults();
      if (faults.length > 0) setExitCode(EXIT.usage);
      printOutcome(options, {
        json: { ok: faults.length === 0, faults },
        lines: faults.length === 0 ? ['The configuration is sound.'] : faults.map(({ name, problem }) => `${name} ${problem}`),
      });
    });
}

function findFaults(): ConfigError['faults'] {
  try {
    readConfig(process.env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
