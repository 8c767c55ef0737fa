import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { Domain } from '../../../protocol/ids.ts';
import type { PeerPolicy } from '../../domain/ports.ts';
import { readQueueDepths } from '../../metrics/queue-depths.ts';
import { createLogger } from '../../logger.ts';
import type { Database } from '../../persistence/database.ts';
import { createPostgresPeerStore } from '../../persistence/peer-store.ts';
import { createProcessBus } from '../../persistence/process-bus.ts';
import { retryQueue } from '../../persistence/queue-retry.ts';
import { printOutcome } from '../print.ts';
import { readDomain } from '../read-domain.ts';
import { withDatabase } from '../with-database.ts';
import { overviewPeers, peerLine } from './peer-overview.ts';

/** More peers than any instance has: people who ask for the list want all of it. */
const ALL_PEERS = 1_000_000;

/** Adds `peers list`, `peers retry`, `peers block` and `peers allow`. */
export function addPeersCommand(program: Command): void {
  const peers = program.command('peers').description('the other domains that this instance knows');
  peers
    .command('list')
    .description('list known domains, what waits for them and how the way to them is')
    .option('--json', 'print one JSON object')
    .action((options: { json?: boolean }) =>
      withDatabase(async (database) => {
        const queues = await readQueueDepths(database.pool, { limit: ALL_PEERS });
        const peers = overviewPeers(await createPostgresPeerStore(database).list(), queues.deepest);
        const now = new Date();
        printOutcome(options, { json: { peers }, lines: peers.length === 0 ? ['No other domain is known yet.'] : peers.map((peer) => peerLine(peer, now)) });
      }),
    );
  addRetryCommand(peers);
  addPolicyCommand(peers, { name: 'block', policy: 'blocked', description: 'exchange nothing with a domain from now on' });
  addPolicyCommand(peers, { name: 'allow', policy: 'allowed', description: 'lift a block, and federate with a domain under allowlist' });
}

function addRetryCommand(peers: Command): void {
  peers
    .command('retry')
    .description('try what waits for a domain now instead of at its next attempt')
    .argument('<domain>')
    .option('--failed', 'also queue again what was given up')
    .option('--json', 'print one JSON object')
    .action(async (text: string, options: { failed?: boolean; json?: boolean }) => {
      const domain = readDomain(text);
      const { queued, failed } = await withDatabase(async (database) => {
        const retry = await retryQueue(database, domain, { now: new Date(), failed: options.failed === true });
        await wakeProcesses(database, domain);
        return retry;
      });
      const lines = [`${queued} waiting for ${domain} are due now`, ...(options.failed === true ? [`${failed} that had been given up are queued again`] : [])];
      printOutcome(options, { json: { domain, queued, failed }, lines });
    });
}

/** Tells the processes of the instance to look at this queue now; those that do not hear it look by themselves within half a minute. */
async function wakeProcesses({ pool }: Database, domain: Domain): Promise<void> {
  const logger = createLogger({ level: 'silent', domain });
  // It only speaks, so it needs no connection of its own.
  const bus = createProcessBus({ pool, url: '', processId: randomUUID(), logger, now: () => performance.now() });
  bus.publish({ kind: 'wake', domains: [domain] });
  await bus.stop();
}

function addPolicyCommand(peers: Command, { name, policy, description }: { name: string; policy: PeerPolicy; description: string }): void {
  peers
    .command(name)
    .description(description)
    .argument('<domain>')
    .option('--json', 'print one JSON object')
    .action(async (text: string, options: { json?: boolean }) => {
      const domain = readDomain(text);
      await withDatabase((database) => createPostgresPeerStore(database).setPolicy(domain, policy));
      printOutcome(options, { json: { domain, policy }, lines: [`${domain} is ${policy}`] });
    });
}
