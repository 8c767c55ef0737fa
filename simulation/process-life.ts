import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Timers } from '../server/federation/outbound/timers.ts';
import type { Cancellable, VirtualTime } from './virtual-time.ts';

/** Where in a call of a store a process dies: before the database hears of it, while it works, or once it has committed. */
export type DeathPhase = 'before' | 'during' | 'after';

/** Says that a process died before it answered. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** One life of one server process: what it has in memory, its timers and its connections end together. */
export interface Life {
  readonly name: string;
  readonly timers: Timers;
  isAlive(): boolean;
  /** Runs something as this process; the connections that it opens are this life's. */
  run<Result>(work: () => Result): Result;
  /** Runs something as this process for somebody outside, whom death tells by a {@link ConnectionLostError}. */
  serve<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Answers once nobody outside waits for it any more. */
  atRest(): Promise<void>;
  /** Gives a part back whose methods are calls of this life: all of them fail once it is over. */
  guard<Part extends object>(part: Part, options?: { readonly isWork?: boolean }): Part;
  /** Ends it as `kill -9` does: nothing that it began acts again. */
  kill(): void;
}

interface LifeOptions {
  readonly name: string;
  readonly time: VirtualTime;
  /** Is asked at each call of a store whether the process dies in it. */
  readonly strike: () => { readonly phase: DeathPhase; readonly turns: number } | null;
}

interface LivingProcess {
  adopt(socket: Socket): void;
}

const running = new AsyncLocalStorage<LivingProcess>();
subscribe('net.client.socket', (message) => {
  if (typeof message === 'object' && message !== null && 'socket' in message && message.socket instanceof Socket) running.getStore()?.adopt(message.socket);
});

/** Creates a life that has just begun. */
export function createLife(options: LifeOptions): Life {
  return new RunningLife(options);
}

class RunningLife implements Life, LivingProcess {
  readonly name: string;
  readonly timers: Timers;
  readonly #options: LifeOptions;
  readonly #sockets = new Set<Socket>();
  readonly #pending = new Set<Cancellable>();
  /** What is to happen when it dies. */
  readonly #mourners = new Set<() => void>();
  #isAlive = true;
  #served = 0;
  #rest = Promise.withResolvers<void>();

  constructor(options: LifeOptions) {
    this.name = options.name;
    this.#options = options;
    this.timers = { after: (delayMs, act) => this.#after(delayMs, act) };
  }

  isAlive(): boolean {
    return this.#isAlive;
  }

  run<Result>(work: () => Result): Result {
    return running.run(this, work);
  }

  adopt(socket: Socket): void {
    // One that is about to connect would come back to life if it were destroyed at once.
    if (!this.#isAlive) return void setImmediate(() => socket.destroy());
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  atRest(): Promise<void> {
    return this.#served === 0 ? Promise.resolve() : this.#rest.promise;
  }

  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const socket of this.#sockets) socket.destroy();
    for (const timer of this.#pending) timer.cancel();
    for (const mourn of this.#mourners) mourn();
    this.#mourners.clear();
  }

  serve<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.#isAlive) return Promise.reject(this.#lost());
    this.#served += 1;
    const end = (): void => {
      this.#served -= 1;
      if (this.#served > 0) return;
      this.#rest.resolve();
      this.#rest = Promise.withResolvers();
    };
    return this.#unlessDead(this.run(work), { onEnd: end });
  }

  guard<Part extends object>(part: Part, { isWork = true }: { readonly isWork?: boolean } = {}): Part {
    return new Proxy(part, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        return typeof member === 'function' ? (...words: unknown[]) => this.#call(() => Reflect.apply(member, target, words), isWork) : member;
      },
    });
  }

  #call(begin: () => unknown, isWork: boolean): unknown {
    const { strike, time } = this.#options;
    const fate = this.#isAlive && isWork ? strike() : null;
    if (fate?.phase === 'before') this.kill();
    if (!this.#isAlive) return Promise.reject(this.#lost());
    const result = begin();
    if (!isThenable(result)) return result;
    if (fate?.phase === 'during') void waitTurns(fate.turns).then(() => this.kill());
    const onAnswer = (): void => (fate?.phase === 'after' ? this.kill() : undefined);
    return this.#unlessDead(result, { onAnswer, onEnd: isWork ? time.begin() : () => {} });
  }

  /** Passes on what becomes of something, or that the process died before. */
  #unlessDead<Result>(result: PromiseLike<Result>, { onAnswer = () => {}, onEnd }: { readonly onAnswer?: () => void; readonly onEnd: () => void }): Promise<Result> {
    return new Promise((resolve, reject) => {
      const mourn = (): void => {
        onEnd();
        reject(this.#lost());
      };
      this.#mourners.add(mourn);
      const settle = (act: () => void): void => {
        if (this.#isAlive) onAnswer();
        if (!this.#mourners.delete(mourn)) return;
        act();
        onEnd();
      };
      result.then((value) => settle(() => resolve(value)), (error: unknown) => settle(() => reject(error)));
    });
  }

  #after(delayMs: number, act: () => void): Cancellable {
    const timer = this.#options.time.after(delayMs, () => {
      this.#pending.delete(timer);
      if (this.#isAlive) this.run(act);
    });
    this.#pending.add(timer);
    return {
      cancel: () => {
        this.#pending.delete(timer);
        timer.cancel();
      },
    };
  }

  #lost(): ConnectionLostError {
    return new ConnectionLostError(`${this.name} is dead`);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

async function waitTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
}
