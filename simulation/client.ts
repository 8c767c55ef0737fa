import { TRPCError } from '@trpc/server';
import type { UserId } from '../protocol/ids.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { DomainError } from '../server/domain/domain-error.ts';
import { appRouter } from '../server/trpc/app-router.ts';
import type { InstanceHost } from './instance-host.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The procedures of an instance, as the browser of one person calls them. */
type Procedures = ReturnType<typeof appRouter.createCaller>;

/** What a call of a client came to: `refused` by a rule of the product, or `unknown` where nobody can tell. */
export type CallOutcome<Result> =
  | { readonly kind: 'answer'; readonly value: Result }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** The browser of one person: its calls may be lost, and so may what it is answered. */
export interface Client {
  readonly userId: UserId;
  readonly host: InstanceHost;
  readonly random: SeededRandom;
  call<Result>(ask: (procedures: Procedures) => Promise<Result>): Promise<CallOutcome<Result>>;
}

interface ClientOptions {
  readonly userId: UserId;
  readonly host: InstanceHost;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** Gives how likely it is that an answer is not heard. */
  readonly loseAnswer: () => number;
}

const PATIENCE_MS = 30_000;

/** Creates the browser of a person who is signed in. */
export function createClient({ userId, host, time, random, loseAnswer }: ClientOptions): Client {
  return {
    userId,
    host,
    random,
    async call(ask) {
      const isLost = random.chance(loseAnswer());
      const asked = host
        .call(random, async (instance) => {
          const context = await instance.createTrpcContext({ cookieHeader: '', sourceAddress: '192.0.2.2', fromClient: true });
          return ask(appRouter.createCaller({ ...context, signedIn: { userId, sessionId: 'simulation' } }));
        })
        .then((value) => ({ kind: 'answer', value }) as const, readFailure);
      const patience = Promise.withResolvers<{ readonly kind: 'unknown'; readonly why: string }>();
      const timer = time.after(PATIENCE_MS, () => patience.resolve({ kind: 'unknown', why: 'no answer in time' }));
      const outcome = await Promise.race([asked, patience.promise]);
      timer.cancel();
      return isLost ? { kind: 'unknown', why: 'the answer was not heard' } : outcome;
    },
  };
}

function readFailure(error: unknown): { readonly kind: 'refused'; readonly code: string } | { readonly kind: 'unknown'; readonly why: string } {
  const cause = error instanceof TRPCError ? error.cause : null;
  if (cause instanceof ProtocolError || cause instanceof DomainError) {
    return cause.code === 'unavailable' || cause.code === 'internal_error' ? { kind: 'unknown', why: cause.code } : { kind: 'refused', code: cause.code };
  }
  if (error instanceof TRPCError && error.code === 'BAD_REQUEST') return { kind: 'refused', code: `bad request: ${error.message}` };
  return { kind: 'unknown', why: error instanceof Error ? `${error.name}: ${error.message.slice(0, 200)}` : 'unknown' };
}
