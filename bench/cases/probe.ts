import { setTimeout as delay } from 'node:timers/promises';
import type { Conversation } from '../ground/conversation.ts';
import type { Arrivals } from '../load/arrivals.ts';
import { MessageLostError } from '../load/message-lost-error.ts';
import { createMessageMaker } from '../load/message-maker.ts';
import { createProcedureCaller } from '../load/procedure-caller.ts';
import { median, percentile, round } from '../statistics.ts';

/** How long single messages took, in milliseconds. */
interface Probe {
  readonly count: number;
  /** Until the own server had it. */
  readonly sendP50Ms: number;
  /** Until the receiver was told. */
  readonly arrivalP50Ms: number;
  readonly arrivalP95Ms: number;
  readonly arrivalMaxMs: number;
}

/** Sends single messages in one conversation. */
export interface Prober {
  /** Sends one and waits until its receiver is told; gives both times, in milliseconds. */
  once(): Promise<{ readonly sendMs: number; readonly arrivalMs: number }>;
  close(): void;
}

/** What a prober needs; the ids of what it sends go to `sent`. */
interface ProberOptions {
  readonly arrivals: Arrivals;
  readonly sent: string[];
  readonly signal: AbortSignal;
}

const INTERVAL_MS = 25;
const WARM_UP = 40;
const PATIENCE_MS = 60_000;

/** Opens a prober of a conversation. */
export function openProber({ conversationId, sender }: Conversation, { arrivals, sent, signal }: ProberOptions): Prober {
  const make = createMessageMaker({ conversationId, senderId: sender.userId });
  const caller = createProcedureCaller({ ...sender, connections: 1, signal });
  return {
    async once() {
      const message = make();
      sent.push(message.messageId);
      const calledAtMs = performance.now();
      const stored = caller.send([message]).then(() => performance.now());
      const [storedAtMs, arrivedAtMs] = await withinPatience(Promise.all([stored, arrivals.next(message.messageId)]));
      return { sendMs: storedAtMs - calledAtMs, arrivalMs: arrivedAtMs - calledAtMs };
    },
    close: () => caller.close(),
  };
}

/** Sends messages one after the other, 40 a second at most, for a time after a short warm-up, and measures each. */
export async function probe(conversation: Conversation, { durationMs, ...options }: ProberOptions & { readonly durationMs: number }): Promise<Probe> {
  const prober = openProber(conversation, options);
  const sendsMs: number[] = [];
  const arrivalsMs: number[] = [];
  for (let index = 0; index < WARM_UP; index += 1) await prober.once();
  const endsAtMs = performance.now() + durationMs;
  while (performance.now() < endsAtMs) {
    const pause = delay(INTERVAL_MS, undefined, { signal: options.signal });
    const { sendMs, arrivalMs } = await prober.once();
    sendsMs.push(sendMs);
    arrivalsMs.push(arrivalMs);
    await pause;
  }
  prober.close();
  return {
    count: sendsMs.length,
    sendP50Ms: round(median(sendsMs), 2),
    arrivalP50Ms: round(median(arrivalsMs), 2),
    arrivalP95Ms: round(percentile(arrivalsMs, 95), 2),
    arrivalMaxMs: round(percentile(arrivalsMs, 100), 2),
  };
}

/** Rejects where nothing comes for a minute: a lost message must end a run, not hold it. */
export async function withinPatience<Value>(outcome: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timeout = setTimeout(() => late.reject(new MessageLostError('a message did not arrive within a minute')), PATIENCE_MS);
  try {
    return await Promise.race([outcome, late.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
