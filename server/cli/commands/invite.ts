import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { createInvite } from '../../domain/accounts/invites.ts';
import { createPrismaInviteStore } from '../../persistence/invite-store.ts';
import { printOutcome } from '../print.ts';
import { withDatabase } from '../with-database.ts';

/** Adds `invite create`: a link by which one person may register within seven days. */
export function addInviteCommand(program: Command): void {
  program
    .command('invite')
    .description('invitations for SECURECHAT_SIGNUP=invite')
    .command('create')
    .description('make an invitation for one person, valid for seven days; it is shown once')
    .option('--json', 'print one JSON object')
    .action((options: { json?: boolean }) =>
      withDatabase(async (database, config) => {
        const invites = createPrismaInviteStore(database.prisma);
        const { code, expiresAt } = await createInvite({ invites, clock: { now: () => new Date() }, randomBytes });
        // The code stands behind #, so that no server log ever holds it.
        const url = new URL('/register', config.publicUrl);
        url.hash = `invite=${code}`;
        printOutcome(options, {
          json: { code, url: url.href, expiresAt: expiresAt.toISOString() },
          lines: [url.href, `valid until ${expiresAt.toISOString()}, for one person`],
        });
      }),
    );
}
