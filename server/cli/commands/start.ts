import type { Command } from 'commander';

/** Adds `start`: one instance from the environment, until SIGTERM. */
export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('start one instance from the environment; needs the pages built (npm run build:pages)')
    .option('--json', 'accepted for symmetry: the log is JSON lines already')
    .action(async () => {
      await import('../../main.ts');
    });
}
