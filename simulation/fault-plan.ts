import type { DeathPhase } from './process-life.ts';
import type { SeededRandom } from './seeded-random.ts';

/** How likely each fault of one exchange is. */
export interface NetworkRates {
  readonly dropRequest: number;
  readonly loseAnswer: number;
  readonly duplicate: number;
  /** Of being on the way for up to 40 s, longer than its sender waits. */
  readonly stall: number;
  /** Of an answer replaced by an unsigned page of a proxy. */
  readonly badGateway: number;
  /** Of a client that does not hear what its own server answered. */
  readonly loseAcknowledgement: number;
  readonly jitterMs: number;
}

/** What happens when the message of this number is about to be sent; domains and processes are given by their place. */
export type PlannedFault = { readonly atMessage: number } & (
  | { readonly kind: 'kill'; readonly domain: number; readonly process: number; readonly phase: DeathPhase; readonly afterCalls: number; readonly turns: number; readonly downMs: number }
  | { readonly kind: 'restart'; readonly domain: number; readonly process: number }
  | { readonly kind: 'partition'; readonly from: number; readonly to: number; readonly bothWays: boolean; readonly forMs: number }
  | { readonly kind: 'dns'; readonly domain: number; readonly answer: 'servfail' | 'nxdomain'; readonly forMs: number }
  | { readonly kind: 'clock'; readonly domain: number; readonly offsetMs: number; readonly forMs: number }
  | { readonly kind: 'disconnect'; readonly domain: number; readonly afterCalls: number }
  | { readonly kind: 'database' }
);

/** The faults of one run. */
export interface FaultPlan {
  readonly rates: NetworkRates;
  /** In order of message. */
  readonly faults: readonly PlannedFault[];
  /** Whether every process starts anew when the faults end, so that its greeting frees what waits. */
  readonly restartsAtEnd: boolean;
}

interface PlanOptions {
  readonly random: SeededRandom;
  readonly domains: number;
  readonly processes: number;
  readonly messages: number;
}

const CALM: NetworkRates = { dropRequest: 0, loseAnswer: 0.002, duplicate: 0.01, stall: 0, badGateway: 0, loseAcknowledgement: 0.005, jitterMs: 15 };
const LOSSY: NetworkRates = { dropRequest: 0.02, loseAnswer: 0.03, duplicate: 0.04, stall: 0.01, badGateway: 0.02, loseAcknowledgement: 0.02, jitterMs: 80 };
const AWFUL: NetworkRates = { dropRequest: 0.08, loseAnswer: 0.08, duplicate: 0.1, stall: 0.04, badGateway: 0.05, loseAcknowledgement: 0.05, jitterMs: 800 };
const SECOND_MS = 1_000;
/** Shorter than the time for which an unknown conversation is asked about again [ERR-4]. */
const LONGEST_PARTITION_MS = 240 * SECOND_MS;
const PHASES: readonly DeathPhase[] = ['before', 'during', 'after'];

/** Draws the faults of one run: the more messages, the more of them. */
export function planFaults(options: PlanOptions): FaultPlan {
  const { random } = options;
  const share = options.messages / 1_000;
  const many = (name: string, most: number): readonly PlannedFault[] => {
    const draws = random.fork(name);
    const count = Math.ceil(draws.between(0, most) * Math.min(2, share));
    return Array.from({ length: count }, (_, index) => drawFault(name, options, draws.fork(String(index))));
  };
  const rare = random.fork('rare');
  const faults = [
    ...many('kill', 5),
    ...many('restart', 2),
    ...many('partition', 3),
    ...many('dns', 2),
    ...many('disconnect', 4),
    ...(rare.chance(0.4) ? many('clock', 2) : []),
    ...(rare.chance(0.25) ? [drawFault('database', options, rare)] : []),
  ];
  return {
    rates: random.fork('rates').pick([CALM, LOSSY, LOSSY, AWFUL]),
    faults: faults.toSorted((a, b) => a.atMessage - b.atMessage),
    restartsAtEnd: random.fork('end').chance(0.5),
  };
}

function drawFault(kind: string, { domains, processes, messages }: PlanOptions, random: SeededRandom): PlannedFault {
  const atMessage = random.between(1, messages);
  const domain = random.between(0, domains - 1);
  const process = random.between(0, processes - 1);
  const forMs = random.between(1, 60) * SECOND_MS;
  switch (kind) {
    case 'kill':
      return {
        kind, atMessage, domain, process, phase: random.pick(PHASES), afterCalls: random.between(0, 40), turns: random.between(0, 6),
        downMs: random.pick([100, SECOND_MS, 20 * SECOND_MS]),
      };
    case 'restart':
      return { kind, atMessage, domain, process };
    case 'partition': {
      const to = (domain + random.between(1, domains - 1)) % domains;
      return { kind, atMessage, from: domain, to, bothWays: random.chance(0.5), forMs: random.chance(0.2) ? LONGEST_PARTITION_MS : forMs };
    }
    case 'dns':
      return { kind, atMessage, domain, answer: random.pick(['servfail', 'nxdomain']), forMs };
    case 'clock':
      return { kind, atMessage, domain, offsetMs: random.pick([-3_600, -290, -200, -20, 20, 200, 290, 400, 3_600]) * SECOND_MS, forMs: 2 * forMs };
    case 'disconnect':
      return { kind, atMessage, domain, afterCalls: random.between(0, 40) };
    default:
      return { kind: 'database', atMessage };
  }
}

/** Writes a fault as the trail tells it. */
export function formatFault(fault: PlannedFault, domains: readonly string[]): string {
  const words = Object.entries(fault).map(([name, value]) => {
    const isPlace = name === 'domain' || name === 'from' || name === 'to';
    return name === 'kind' || name === 'atMessage' ? '' : ` ${name}=${isPlace ? (domains[Number(value)] ?? value) : value}`;
  });
  return `fault ${fault.kind}${words.join('')}`;
}
