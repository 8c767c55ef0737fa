import pino from 'pino';
import type { Logger } from 'pino';
import { parseDomain } from '../protocol/ids.ts';
import type { Domain } from '../protocol/ids.ts';
import { compose } from '../server/compose.ts';
import type { Instance } from '../server/compose.ts';
import type { Stores } from '../server/compose-storage.ts';
import type { Config } from '../server/config/read-config.ts';
import type { Clock } from '../server/domain/ports.ts';
import type { Answer } from '../server/http/federation-mount.ts';
import type { FaultyNetwork, FederationRequest, NetworkPlace } from './faulty-network.ts';
import { readInstanceConfig } from './instance-config.ts';
import { MIGRATIONS } from './postgres-ground.ts';
import { ConnectionLostError, createLife } from './process-life.ts';
import type { DeathPhase, Life } from './process-life.ts';
import { promisesIn } from './promises-in-answers.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Trail } from './trail.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Puts another part in the place of one: a defect that the checker has to find. */
export type Mutation = (stores: Stores, facts: { readonly localDomain: Domain; readonly life: Life }) => Stores;

/** One domain: its database, and one or more processes on it. */
export interface InstanceHost extends NetworkPlace {
  readonly domain: Domain;
  readonly databaseName: string;
  readonly clock: Clock;
  /** Messages that an answer of success has promised to keep, as `<origin> <message id>`. */
  readonly promised: Set<string>;
  /** Sets how far the clock is from the true time. */
  stepClock(offsetMs: number): void;
  /** Starts every process. */
  start(): Promise<void>;
  /** Kills a process in one of its next calls of a store; it comes back after `downMs`. */
  killAt(process: number, death: Death): void;
  /** Stops a process in order and starts it again. */
  restart(process: number): Promise<void>;
  /** Does something at one of the next calls of a store. */
  strikeAt(afterCalls: number, act: () => void): void;
  /** Asks one of the processes, as a client does. */
  call<Result>(random: SeededRandom, ask: (instance: Instance) => Promise<Result>): Promise<Result>;
  /** Brings back whatever is down. */
  heal(): Promise<void>;
  /** Ends every process for good. */
  end(): void;
}

interface Death {
  readonly phase: DeathPhase;
  readonly afterCalls: number;
  readonly turns: number;
  readonly downMs: number;
}

interface HostOptions {
  readonly domain: string;
  readonly databaseName: string;
  readonly databaseUrl: string;
  readonly processes: number;
  readonly time: VirtualTime;
  /** Is what the processes draw from. */
  readonly random: SeededRandom;
  readonly network: FaultyNetwork;
  readonly trail: Trail;
  readonly mutate: Mutation | null;
  /** Is told after a process died or was restarted. */
  readonly onLoss: (host: InstanceHost) => void;
}

interface RunningProcess {
  readonly life: Life;
  readonly instance: Instance;
}

const LONGEST_LOG = 600;
const START_AGAIN_MS = 1_000;
const STOP_PATIENCE_MS = 10_000;
const HEAL_POLL_MS = 100;

/** Creates a domain whose processes are not started yet. */
export function createInstanceHost(options: HostOptions): InstanceHost {
  return new Host(options);
}

/** One place for a process: who is there, and what is to become of them. */
interface Slot {
  process: RunningProcess | null;
  isStarting: boolean;
  death: (Death & { callsLeft: number }) | null;
}

class Host implements InstanceHost {
  readonly domain: Domain;
  readonly databaseName: string;
  readonly clock: Clock;
  readonly promised = new Set<string>();
  readonly #options: HostOptions;
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #slots: readonly Slot[];
  #strikes: { callsLeft: number; readonly act: () => void }[] = [];
  #offsetMs = 0;
  #lives = 0;
  #isEnded = false;

  constructor(options: HostOptions) {
    const { trail, time } = options;
    this.#options = options;
    this.domain = parseDomain(options.domain);
    this.databaseName = options.databaseName;
    this.clock = { now: () => new Date(time.nowMs() + this.#offsetMs) };
    this.#config = readInstanceConfig(options);
    this.#logger = pino({ level: 'warn', base: null, timestamp: false }, { write: (line) => trail.note(`${options.domain} log ${line.trim().slice(0, LONGEST_LOG)}`, ['-']) });
    this.#slots = Array.from({ length: options.processes }, () => ({ process: null, isStarting: false, death: null }));
  }

  stepClock(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#start(slot)));
  }

  killAt(process: number, death: Death): void {
    const slot = this.#slots[process];
    if (slot !== undefined) slot.death = { ...death, callsLeft: death.afterCalls };
  }

  strikeAt(afterCalls: number, act: () => void): void {
    this.#strikes.push({ callsLeft: afterCalls, act });
  }

  async restart(place: number): Promise<void> {
    const { time, trail, onLoss } = this.#options;
    const slot = this.#slots[place];
    const process = slot?.process ?? null;
    if (slot === undefined || process === null) return;
    slot.process = null;
    trail.note(`${process.life.name} is stopped in order`);
    // Listeners take nothing more and finish what they have; then the rest ends.
    await Promise.race([process.life.atRest(), time.sleep(STOP_PATIENCE_MS)]);
    await process.life.serve(() => process.instance.stop()).catch(() => {});
    process.life.kill();
    await this.#start(slot);
    onLoss(this);
  }

  async call<Result>(random: SeededRandom, ask: (instance: Instance) => Promise<Result>): Promise<Result> {
    const { life, instance } = this.#pick(random);
    // What a client asks is answered without asking other servers: time need not pass for it.
    const endWork = this.#options.time.begin();
    return life.serve(() => ask(instance)).finally(endWork);
  }

  async answer(request: FederationRequest, random: SeededRandom): Promise<Answer> {
    const { life, instance } = this.#pick(random);
    return life.serve(() => instance.federation.handle(request));
  }

  async answerKeyDocument(random: SeededRandom): Promise<Answer> {
    const { life, instance } = this.#pick(random);
    return life.run(() => instance.federation.keyDocument('GET'));
  }

  onAnswer(request: FederationRequest, answer: Answer): void {
    for (const promise of promisesIn(request, answer)) this.promised.add(promise);
  }

  async heal(): Promise<void> {
    this.#offsetMs = 0;
    this.#strikes = [];
    for (const slot of this.#slots) slot.death = null;
    while (this.#slots.some(({ process }) => process === null)) {
      await this.start();
      await this.#options.time.sleep(HEAL_POLL_MS);
    }
  }

  end(): void {
    this.#isEnded = true;
    for (const slot of this.#slots) bury(slot);
  }

  #pick(random: SeededRandom): RunningProcess {
    const up = this.#slots.map(({ process }) => process).filter((process) => process?.life.isAlive() === true);
    const chosen = up.length === 0 ? null : random.pick(up);
    if (chosen === null) throw new ConnectionLostError(`${this.domain} is down`);
    return chosen;
  }

  /** Is asked at each call of a store. */
  #strike(slot: Slot): Death | null {
    const due = this.#strikes.filter((each) => each.callsLeft-- <= 0);
    this.#strikes = this.#strikes.filter((each) => !due.includes(each));
    for (const { act } of due) act();
    const { death } = slot;
    if (death === null || death.callsLeft-- > 0) return null;
    slot.death = null;
    this.#options.time.after(0, () => this.#afterDeath(slot, death.downMs));
    return death;
  }

  #afterDeath(slot: Slot, downMs: number): void {
    const { time, trail, onLoss } = this.#options;
    trail.note(`${slot.process?.life.name ?? this.domain} was killed, down for ${downMs} ms`);
    bury(slot);
    time.after(downMs, () => void this.#start(slot).then(() => onLoss(this)));
  }

  /** Starts a process, again and again as a supervisor does. */
  async #start(slot: Slot): Promise<void> {
    if (slot.isStarting) return;
    slot.isStarting = true;
    while (!this.#isEnded && slot.process === null) {
      if (await this.#begin(slot)) break;
      await this.#options.time.sleep(START_AGAIN_MS);
    }
    slot.isStarting = false;
  }

  async #begin(slot: Slot): Promise<boolean> {
    const { time, trail, domain } = this.#options;
    this.#lives += 1;
    const life = createLife({ name: `${domain}/${this.#slots.indexOf(slot)} life ${this.#lives}`, time, strike: () => this.#strike(slot) });
    const endWork = time.begin();
    try {
      const instance = await life.run(() => this.#compose(life));
      slot.process = { life, instance };
      life.run(() => instance.startWorking());
      trail.note(`${life.name} begins`);
      return true;
    } catch (error) {
      life.kill();
      trail.note(`${life.name} could not start: ${error instanceof Error ? error.message.slice(0, LONGEST_LOG) : 'unknown'}`);
      return false;
    } finally {
      endWork();
    }
  }

  #compose(life: Life): Promise<Instance> {
    const { random, network, mutate } = this.#options;
    const localDomain = this.domain;
    return compose({
      config: this.#config, logger: this.#logger, behindListener: true, migrationsDirectory: MIGRATIONS,
      effects: {
        clock: this.clock,
        timers: life.timers,
        random: () => random.fraction(),
        openNetwork: () => {
          const way = network.wayOut(localDomain);
          return { dns: life.guard(way.dns, { isWork: false }), guardedRequest: life.guard(way, { isWork: false }).guardedRequest };
        },
        wrapStores: (stores) => guardStores(mutate === null ? stores : mutate(stores, { localDomain, life }), life),
      },
    });
  }
}

/** Ends a process at once; what it still holds in memory is given back without a word to anybody. */
function bury(slot: Slot): void {
  const { process } = slot;
  slot.process = null;
  process?.life.kill();
  process?.instance.stop().catch(() => {});
}

/** Every call of every store is a call of this life. */
function guardStores(stores: Stores, life: Life): Stores {
  return new Proxy(stores, {
    get(target, key) {
      const store: unknown = Reflect.get(target, key);
      return typeof store === 'object' && store !== null ? life.guard(store) : store;
    },
  });
}
