import { registrationOf } from '../server/domain/testing/people.ts';
import { domainOf, parseUserId } from '../protocol/ids.ts';
import type { UserId } from '../protocol/ids.ts';
import { createClient } from './client.ts';
import type { Client } from './client.ts';
import type { FaultPlan, PlannedFault } from './fault-plan.ts';
import { formatFault } from './fault-plan.ts';
import { createFaultyNetwork } from './faulty-network.ts';
import type { FaultyNetwork } from './faulty-network.ts';
import { createInstanceHost } from './instance-host.ts';
import type { InstanceHost, Mutation } from './instance-host.ts';
import { newConversationId } from './membership-changes.ts';
import type { PlannedConversation } from './membership-changes.ts';
import type { PostgresGround } from './postgres-ground.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Trail } from './trail.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Some domains with their people, and the network between them. */
export interface World {
  readonly hosts: readonly InstanceHost[];
  readonly network: FaultyNetwork;
  readonly people: readonly UserId[];
  readonly clients: readonly Client[];
  readonly conversations: readonly PlannedConversation[];
  clientOf(userId: UserId): Client;
  /** Lets a fault happen. */
  strike(fault: PlannedFault): void;
  /** Ends all faults and waits until everything is up again; virtual time has to pass meanwhile. */
  heal(): Promise<void>;
}

interface WorldOptions {
  readonly ground: PostgresGround;
  readonly time: VirtualTime;
  readonly trail: Trail;
  readonly random: SeededRandom;
  readonly plan: FaultPlan;
  readonly domains: readonly string[];
  readonly processes: number;
  readonly mutate: Mutation | null;
  readonly onLoss: (host: InstanceHost) => void;
}

const NAMES = ['ada', 'ben', 'cleo'];
const MOVING_GROUPS = 2;

/** Builds the world of a run, with every process up and every person signed up. */
export async function buildWorld(options: WorldOptions): Promise<World> {
  const { ground, time, trail, random, plan, domains } = options;
  const network = createFaultyNetwork({ time, random: random.fork('network'), rates: plan.rates, trail });
  const hosts = await Promise.all(domains.map((domain, place) => createHost(options, { domain, place, network })));
  for (const host of hosts) network.places.set(host.domain, host);
  await Promise.all(hosts.map((host) => host.start()));
  const people = domains.flatMap((domain) => NAMES.map((name) => parseUserId(`${name}@${domain}`)));
  let isHealed = false;
  let restarting = Promise.resolve();
  const loseAnswer = (): number => (isHealed ? 0 : plan.rates.loseAcknowledgement);
  const clients = people.map((userId) => createClient({ userId, host: hostOf(hosts, userId), time, random: random.fork(`client ${userId}`), loseAnswer }));
  await Promise.all(clients.map(signUp));

  return {
    hosts, network, people, clients,
    conversations: planConversations(people, random.fork('conversations')),
    clientOf: (userId) => findOr(clients, (client) => client.userId === userId),
    strike(fault) {
      if (isHealed) return;
      trail.note(formatFault(fault, domains));
      if (fault.kind === 'database') {
        const end = time.begin();
        restarting = restarting.then(() => ground.restart()).finally(end);
      } else strikeDomain(fault, { ...options, hosts, network });
    },
    async heal() {
      isHealed = true;
      network.heal();
      trail.note('all faults end');
      await restarting;
      await Promise.all(hosts.map((host) => host.heal()));
      if (plan.restartsAtEnd) for (const host of hosts) for (let process = 0; process < options.processes; process += 1) await host.restart(process);
    },
  };
}

async function createHost(
  { ground, time, trail, random, processes, mutate, onLoss }: WorldOptions,
  { domain, place, network }: { readonly domain: string; readonly place: number; readonly network: FaultyNetwork },
): Promise<InstanceHost> {
  const databaseName = `domain_${place}`;
  const databaseUrl = await ground.prepare(databaseName);
  return createInstanceHost({ domain, databaseName, databaseUrl, processes, time, random: random.fork(domain), trail, network, mutate, onLoss });
}

function strikeDomain(
  fault: Exclude<PlannedFault, { readonly kind: 'database' }>,
  { ground, time, domains, hosts, network }: WorldOptions & { readonly hosts: readonly InstanceHost[]; readonly network: FaultyNetwork },
): void {
  const nameOf = (place: number): string => domains[place] ?? '';
  if (fault.kind === 'partition') {
    const [from, to] = [nameOf(fault.from), nameOf(fault.to)];
    const cuts = [network.cut(from, to), ...(fault.bothWays ? [network.cut(to, from)] : [])];
    time.after(fault.forMs, () => cuts.forEach((mend) => mend()));
    return;
  }
  const host = findOr(hosts, ({ domain }) => domain === nameOf(fault.domain));
  switch (fault.kind) {
    case 'kill':
      return host.killAt(fault.process, fault);
    case 'restart':
      return void host.restart(fault.process);
    case 'dns':
      return void time.after(fault.forMs, network.breakNames(host.domain, fault.answer));
    case 'clock':
      host.stepClock(fault.offsetMs);
      return void time.after(fault.forMs, () => host.stepClock(0));
    case 'disconnect':
      return host.strikeAt(fault.afterCalls, () => void ground.disconnect(host.databaseName).catch(() => {}));
  }
}

async function signUp(client: Client): Promise<void> {
  await client.host.call(client.random, async (instance) => {
    const { services } = await instance.createTrpcContext({ cookieHeader: '', sourceAddress: '192.0.2.3', fromClient: true });
    await services.accounts.register(registrationOf(client.userId));
  });
}

/** Plans pairs across domains, one group of everybody that stays as it is, and groups whose members change. */
function planConversations(people: readonly UserId[], random: SeededRandom): readonly PlannedConversation[] {
  const pairs = people.flatMap((userId, place) => {
    const other = people[(place + NAMES.length) % people.length];
    return other === undefined || place % 2 === 1 ? [] : [plan([userId, other], false, random)];
  });
  const moving = Array.from({ length: MOVING_GROUPS }, () => {
    const owner = random.pick(people);
    const others = people.filter((userId) => userId !== owner && random.chance(0.6));
    const abroad = people.filter((userId) => domainOf(userId) !== domainOf(owner) && !others.includes(userId));
    return plan([owner, ...others, ...abroad.slice(0, 1)], true, random);
  });
  return [...pairs, plan(people, false, random), ...moving];
}

function plan(founders: readonly UserId[], isMoving: boolean, random: SeededRandom): PlannedConversation {
  const [owner] = founders;
  if (owner === undefined) throw new RangeError('a conversation has founders');
  return { conversationId: newConversationId(owner, random), founders, isMoving };
}

function hostOf(hosts: readonly InstanceHost[], userId: UserId): InstanceHost {
  return findOr(hosts, ({ domain }) => domain === domainOf(userId));
}

function findOr<Item>(items: readonly Item[], isMeant: (item: Item) => boolean): Item {
  const found = items.find(isMeant);
  if (found === undefined) throw new RangeError('there is none such in this world');
  return found;
}
