import type * as z from 'zod';
import { ProtocolError, isPermanentCode } from '../../../../protocol/errors.ts';
import { isJsonObject } from '../../../../protocol/json.ts';
import type { JsonValue } from '../../../../protocol/json.ts';
import { MAX_BATCH_JSON_DEPTH, MAX_BODY_BYTES } from '../../../../protocol/limits.ts';
import { batchBody } from '../../../../protocol/schemas/batch-body.ts';
import { messageBody } from '../../../../protocol/schemas/message-body.ts';
import type { MessageBody } from '../../../../protocol/schemas/message-body.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import { StoreUnavailableError } from '../../../domain/store-unavailable-error.ts';
import type { Refusal, RouteResult } from '../federation-exchange.ts';
import { findRoute } from './find-route.ts';
import { answerOf, MESSAGES_ROUTE } from './messages.ts';
import type { FederationVerbs, Route, RouteCall } from './route.ts';

type Item = z.output<typeof batchBody>['items'][number];
type Outcome = RouteResult | Refusal;
type Settled = readonly [placed: Placed, outcome: Outcome];

/** What a batch works with. */
interface Batch {
  readonly call: RouteCall;
  readonly routes: readonly Route[];
  readonly verbs: FederationVerbs;
  /** The conversations of which something will come again. */
  readonly heldBack: Set<string>;
}

/** An item with its place in the batch, read as a message where it is one. */
interface Placed {
  readonly item: Item;
  readonly index: number;
  readonly message: MessageBody | null;
  /** What it is refused with before any verb, null where nothing speaks against it so far. */
  readonly refusal: Refusal | null;
}

/**
 * Creates `POST /batch` over the routes that may stand in one: each item goes through the checks of a single request
 * from the form of its target on and has a result of its own. Messages that follow one another are stored together.
 * What fails and will be sent again holds back the later items of its conversation, so that these do not overtake it.
 * @see docs/protocol.md [API-7] [DEL-1]
 */
export function createBatchRoute(routes: readonly Route[], verbs: FederationVerbs): Route {
  return {
    name: 'batch',
    method: 'POST',
    path: ['batch'],
    maxJsonDepth: MAX_BATCH_JSON_DEPTH,
    spendsNonce: true,
    async answer(call) {
      const { items } = parseBody(batchBody, call.body);
      const batch: Batch = { call, routes, verbs, heldBack: new Set() };
      const outcomes = await settleRuns(runsOf(items.map((item, index) => place(item, index, batch))), batch);
      return { status: 200, body: { results: outcomes.map(([{ item }, { status, body }]) => ({ id: item.id, status, body })) } };
    },
  };
}

/** Settles one run after the other. */
async function settleRuns(runs: readonly (readonly Placed[])[], batch: Batch): Promise<readonly Settled[]> {
  const all: Settled[] = [];
  for (const run of runs) all.push(...(await settleRun(run, batch)));
  return all;
}

/** Parts the items into runs of messages and single others, in order. */
function runsOf(items: readonly Placed[]): readonly (readonly Placed[])[] {
  const runs: Placed[][] = [];
  for (const placed of items) {
    const last = runs.at(-1) ?? [];
    if (placed.message !== null && last.some(({ message }) => message !== null)) last.push(placed);
    else runs.push([placed]);
  }
  return runs;
}

function place(item: Item, index: number, { call, routes }: Batch): Placed {
  const none = { item, index, message: null, refusal: null };
  try {
    const { route } = findRoute(routes, { target: item.path, method: item.method });
    checkSize(item);
    return route.name === MESSAGES_ROUTE ? { ...none, message: parseBody(messageBody, item.body) } : none;
  } catch (error) {
    return { ...none, refusal: call.refuseItem(error, index) };
  }
}

/** The bytes of one item cannot be told from those around it: what counts is its value, written without blanks. */
function checkSize({ body }: Item): void {
  // Most are far from it, and need not be written out to be sure.
  if (mostBytesOf(body) <= MAX_BODY_BYTES) return;
  if (Buffer.byteLength(JSON.stringify(body)) > MAX_BODY_BYTES) throw new ProtocolError('body_too_large');
}

/** No value takes more when it is written: a character has at most 6 bytes, as `\\u0001`, and a number 25. */
function mostBytesOf(value: JsonValue): number {
  if (typeof value === 'string') return 6 * value.length + 2;
  if (typeof value !== 'object' || value === null) return 25;
  let bytes = 2;
  if (isJsonObject(value)) {
    for (const name of Object.keys(value)) bytes += 6 * name.length + 4 + mostBytesOf(value[name] ?? null);
  } else for (const item of value) bytes += 1 + mostBytesOf(item);
  return bytes;
}

/** Settles what may go on, and refuses what follows something that will come again: it would be taken as settled. */
async function settleRun(run: readonly Placed[], batch: Batch): Promise<readonly Settled[]> {
  const { call, heldBack } = batch;
  const free = run.filter(({ item }) => !isHeldBack(item, heldBack));
  const settled = await settleFree(free, batch);
  if (settled === null) return settleRuns(run.map((placed) => [placed]), batch);
  const outcomes = new Map(settled);
  return run.map((placed) => {
    const outcome = outcomes.get(placed);
    if (outcome === undefined || isHeldBack(placed.item, heldBack)) return [placed, call.refuseItem(new ProtocolError('unavailable'), placed.index)];
    const conversation = conversationOf(placed.item.body);
    if (conversation !== null && isRetried(outcome)) heldBack.add(conversation);
    return [placed, outcome];
  });
}

/** Null where the messages of a run could not be stored together, by a fault of one of them or of ours. */
async function settleFree(free: readonly Placed[], batch: Batch): Promise<readonly Settled[] | null> {
  const { call, verbs } = batch;
  const messages = free.map(({ message }) => message).filter((message) => message !== null);
  if (messages.length === 0) return Promise.all(free.map(async (placed): Promise<Settled> => [placed, await settle(placed, batch)]));
  try {
    const verdicts = (await verbs.acceptMessages(messages, call.origin, call.ticket)).values();
    return free.map((placed) => [placed, orRefusal(placed, call, () => answerOf(nextOf(verdicts)))]);
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof StoreUnavailableError) throw error;
    const [only, ...others] = free;
    return only === undefined || others.length > 0 ? null : [[only, call.refuseItem(error, only.index)]];
  }
}

function nextOf<Value>(values: Iterator<Value>): Value {
  const { value, done } = values.next();
  if (done === true) throw new Error('There is no verdict on the message.');
  return value;
}

async function settle({ item, index, refusal }: Placed, { call, routes }: Batch): Promise<Outcome> {
  if (refusal !== null) return refusal;
  // Outside the attempt: a request that is a repeat is refused as a whole.
  await call.ticket.spend();
  try {
    const { route, parameters } = findRoute(routes, { target: item.path, method: item.method });
    return await route.answer({ ...call, parameters, body: item.body });
  } catch (error) {
    return call.refuseItem(error, index);
  }
}

function orRefusal({ index }: Placed, call: RouteCall, answer: () => RouteResult): Outcome {
  try {
    return answer();
  } catch (error) {
    return call.refuseItem(error, index);
  }
}

function isHeldBack({ body }: Item, heldBack: ReadonlySet<string>): boolean {
  const conversation = conversationOf(body);
  return conversation !== null && heldBack.has(conversation);
}

/** The conversation of an item is the one that its body names at the top; events name theirs one by one and have none. */
function conversationOf(body: JsonValue): string | null {
  const conversationId = isJsonObject(body) ? body['conversationId'] : undefined;
  return typeof conversationId === 'string' ? conversationId : null;
}

/** Whether the sender will try again [ERR-4]; `unknown_conversation` is among what it does, for a while. */
function isRetried(outcome: Outcome): boolean {
  return 'code' in outcome && !isPermanentCode(outcome.code);
}
