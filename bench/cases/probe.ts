import { setTimeout as delay } from 'node:timers/promises';
import type { Conversation } from '../ground/conversation.ts';
import type { Arrivals } from '../load/arrivals.ts';
import { MessageLostError } from '../load/message-lost-error.ts';
import { createMessageMaker } from '../load/message-maker.ts';
import { createProcedureCaller } from '../load/procedure-caller.ts';
import { median, percentile, round } from '../statistics.ts';

/** How long single messages took, in milliseconds. */
export interface Probe {
  /** Until the own server had it. */
  readonly sendP50Ms: number;
  /** Until the receiver was told. */
  readonly arrivalP50Ms: number;
  readonly arrivalP95Ms: number;
}

const INTERVAL_MS = 25;
const PATIENCE_MS = 60_000;

/** Sends messages one after the other, 40 a second at most, and measures each; the ids go to `sent`. */
export async function probe(
  { conversationId, sender }: Conversation,
  { arrivals, count, sent, signal }: { readonly arrivals: Arrivals; readonly count: number; readonly sent: string[]; readonly signal: AbortSignal },
): Promise<Probe> {
  const make = createMessageMaker({ conversationId, senderId: sender.userId });
  const caller = createProcedureCaller({ ...sender, connections: 1, signal });
  const sendsMs: number[] = [];
  const arrivalsMs: number[] = [];
  // The first tenth is for warmth.
  for (let index = -Math.ceil(count / 10); index < count; index += 1) {
    const pause = delay(INTERVAL_MS, undefined, { signal });
    const message = make();
    sent.push(message.messageId);
    const calledAtMs = performance.now();
    const stored = caller.send([message]).then(() => performance.now());
    const [storedAtMs, arrivedAtMs] = await withinPatience(Promise.all([stored, arrivals.next(message.messageId)]));
    if (index >= 0) {
      sendsMs.push(storedAtMs - calledAtMs);
      arrivalsMs.push(arrivedAtMs - calledAtMs);
    }
    await pause;
  }
  caller.close();
  return { sendP50Ms: round(median(sendsMs), 2), arrivalP50Ms: round(median(arrivalsMs), 2), arrivalP95Ms: round(percentile(arrivalsMs, 95), 2) };
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
