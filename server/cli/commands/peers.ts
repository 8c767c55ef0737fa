import type { Command } from 'commander';
import type { Peer, PeerPolicy } from '../../domain/ports.ts';
import { createPrismaPeerStore } from '../../persistence/peer-store.ts';
import { retryQueue } from '../../persistence/queue-retry.ts';
import { printOutcome } from '../print.ts';
import { readDomain } from '../read-domain.ts';
import { withDatabase } from '../with-database.ts';

/** Adds `peers list`, `peers retry`, `peers block` and `peers allow`. */
export function addPeersCommand(program: Command): void {
  const peers = program.command('peers').description('the other domains that this instance knows');
  peers
    .command('list')
    .description('list known domains and how the way to them is')
    .option('--json', 'print one JSON object')
    .action((options: { json?: boolean }) =>
      withDatabase(async (database) => {
        const known = await createPrismaPeerStore(database.prisma).list();
        printOutcome(options, { json: { peers: known.map(toJson) }, lines: known.length === 0 ? ['No other domain is known yet.'] : known.map(toLine) });
      }),
    );
  addRetryCommand(peers);
  addPolicyCommand(peers, { name: 'block', policy: 'blocked', description: 'exchange nothing with a domain from now on' });
  addPolicyCommand(peers, { name: 'allow', policy: 'allowed', description: 'lift a block, and federate with a domain under allowlist' });
}

/** A running instance looks at its queue every few seconds, so it needs no word of this. */
function addRetryCommand(peers: Command): void {
  peers
    .command('retry')
    .description('try what waits for a domain now instead of at its next attempt')
    .argument('<domain>')
    .option('--failed', 'also queue again what was given up')
    .option('--json', 'print one JSON object')
    .action(async (text: string, options: { failed?: boolean; json?: boolean }) => {
      const domain = readDomain(text);
      const { queued, failed } = await withDatabase((database) =>
        retryQueue(database.prisma, domain, { now: new Date(), failed: options.failed === true }),
      );
      const lines = [`${queued} waiting for ${domain} are due now`, ...(options.failed === true ? [`${failed} that had been given up are queued again`] : [])];
      printOutcome(options, { json: { domain, queued, failed }, lines });
    });
}

function addPolicyCommand(peers: Command, { name, policy, description }: { name: string; policy: PeerPolicy; description: string }): void {
  peers
    .command(name)
    .description(description)
    .argument('<domain>')
    .option('--json', 'print one JSON object')
    .action(async (text: string, options: { json?: boolean }) => {
      const domain = readDomain(text);
      await withDatabase((database) => createPrismaPeerStore(database.prisma).setPolicy(domain, policy));
      printOutcome(options, { json: { domain, policy }, lines: [`${domain} is ${policy}`] });
    });
}

function toJson(peer: Peer): object {
  const { domain, policy, lastInboundAt, lastSuccessAt, lastFailureAt, lastFailureReason, consecutiveFailures, nextAttemptAt } = peer;
  return { domain, policy, lastInboundAt, lastSuccessAt, lastFailureAt, lastFailureReason, consecutiveFailures, nextAttemptAt };
}

function toLine(peer: Peer): string {
  const way =
    peer.consecutiveFailures === 0
      ? `reached ${peer.lastSuccessAt?.toISOString() ?? 'never'}`
      : `failing (${peer.lastFailureReason ?? 'unknown'}), next attempt ${peer.nextAttemptAt?.toISOString() ?? 'at once'}`;
  return `${peer.domain}\t${peer.policy}\t${way}`;
}
