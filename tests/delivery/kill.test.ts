import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendAll } from '../../bench/load/send-all.ts';
import { DEFAULT_WORKLOAD } from '../../bench/load/workload.ts';
import { findFaults } from '../../bench/store/exactly-once.ts';
import { waitForMessages } from '../../bench/store/stored-messages.ts';
import { eventually } from '../support/eventually.ts';
import { RECEIVING, SENDING, startLoadGround } from '../support/load-ground.ts';
import type { LoadGround } from '../support/load-ground.ts';
import { PLAYGROUND_TIMEOUT_MS } from '../support/test-playground.ts';

const MESSAGES = 5_000;
const PAIRS = 5;
/** After so many messages were taken by their authors' server, the other one is killed; then that one itself. */
const RECEIVER_DIES_AT = 1_500;
const SENDER_DIES_AT = 3_500;
const FIRST_DELIVERY_MS = 5_000;
const TEST_TIMEOUT_MS = 240_000;

let load: LoadGround;

beforeAll(async () => {
  load = await startLoadGround(PAIRS);
}, PLAYGROUND_TIMEOUT_MS);

afterAll(() => load?.stop());

test('[DEL-1] [DEL-3] 5 000 messages outlive kill -9 of the receiving server and then of the sending one, each once and in order', async () => {
  const { conversations, database } = load;
  const deaths: Promise<void>[] = [];
  let acknowledged = 0;
  const onAcknowledged = (count: number): void => {
    const before = acknowledged;
    acknowledged += count;
    if (before < RECEIVER_DIES_AT && acknowledged >= RECEIVER_DIES_AT) deaths.push(killReceiver());
    if (before < SENDER_DIES_AT && acknowledged >= SENDER_DIES_AT) deaths.push(killAndRestart(SENDING));
  };
  const { byConversation, repeats } = await sendAll({ conversations, count: MESSAGES, workload: DEFAULT_WORKLOAD, signal: new AbortController().signal, onAcknowledged });
  expect(deaths).toHaveLength(2);
  await Promise.all(deaths);
  await using sender = await database(SENDING);
  await using receiver = await database(RECEIVING);
  await waitForMessages(receiver, MESSAGES, { patienceMs: 60_000, signal: new AbortController().signal });

  // What was asked for while its server was dead was asked again: the kills met a burst, not a pause.
  expect(repeats).toBeGreaterThan(0);
  expect(await findFaults({ sent: byConversation, sender, receiver })).toEqual([]);
  await eventually(async () => expect(await sender.countQueued()).toBe(0));
}, TEST_TIMEOUT_MS);

async function killAndRestart(domain: string): Promise<void> {
  await load.ground.playground.kill(domain);
  await load.ground.playground.restart(domain);
}

/** The peer that comes back is spoken to at once, without waiting for the instant of the next retry. */
async function killReceiver(): Promise<void> {
  await killAndRestart(RECEIVING);
  await using receiver = await load.database(RECEIVING);
  const stored = await receiver.countMessages();
  await eventually(async () => expect(await receiver.countMessages()).toBeGreaterThan(stored), FIRST_DELIVERY_MS);
}
