import { afterAll, beforeAll, expect, test } from 'vitest';
import { openArrivals } from '../../bench/load/arrivals.ts';
import { sendAll } from '../../bench/load/send-all.ts';
import { DEFAULT_WORKLOAD } from '../../bench/load/workload.ts';
import { findFaults } from '../../bench/store/exactly-once.ts';
import { waitForMessages } from '../../bench/store/stored-messages.ts';
import { eventually } from '../support/eventually.ts';
import { RECEIVING, SENDING, startLoadGround } from '../support/load-ground.ts';
import type { LoadGround } from '../support/load-ground.ts';
import { startSecondProcess } from '../support/second-process.ts';
import type { SecondProcess } from '../support/second-process.ts';
import { openTcpSwitch } from '../support/tcp-switch.ts';
import { PLAYGROUND_TIMEOUT_MS } from '../support/test-playground.ts';

const MESSAGES = 2_000;
const PAIRS = 5;
const DIES_AT = 800;
/** A claim of a dead process ends after 60 s at the latest [DEL-5]. */
const TAKEN_OVER_MS = 65_000;
const TEST_TIMEOUT_MS = 240_000;

let load: LoadGround;
let second: SecondProcess;

beforeAll(async () => {
  load = await startLoadGround(PAIRS);
  second = await startSecondProcess(load.ground, SENDING);
}, PLAYGROUND_TIMEOUT_MS);

afterAll(async () => {
  await second?.end('SIGKILL');
  await load?.stop();
});

const forever = new AbortController().signal;

test('[DEL-5] a client of either process sees the same, whichever process took the message', async () => {
  const conversations = load.conversations.slice(0, 1);
  const senders = conversations.map(({ sender }) => sender);
  // What the receivers write reaches the first process, as it is the one that DNS names.
  const here = await openArrivals(senders);
  const there = await openArrivals(senders.map((person) => ({ ...person, url: second.url })));
  const back = conversations.map(({ conversationId, sender, receiver: writer }) => ({ conversationId, sender: writer, receiver: sender }));
  const sent = await sendAll({ conversations: back, count: 100, workload: DEFAULT_WORKLOAD, signal: forever });
  await eventually(() => expect([here.atMs.size, there.atMs.size]).toEqual([100, 100]));
  expect([...here.atMs.keys()].toSorted()).toEqual([...sent.calledAtMs.keys()].toSorted());
  expect([...there.atMs.keys()].toSorted()).toEqual([...sent.calledAtMs.keys()].toSorted());
  expect([here.doubles(), there.doubles()]).toEqual([0, 0]);
  here.close();
  there.close();
}, TEST_TIMEOUT_MS);

test('[DEL-5] [DEL-3] one of two processes is killed under load: nothing is lost or doubled, and the other takes over what it held', async () => {
  const { ground } = load;
  await using sender = await load.database(SENDING);
  await using receiver = await load.database(RECEIVING);
  const conversations = load.conversations.slice(1);
  const first = await ground.instance(SENDING);
  const before = await receiver.countMessages();
  await using balancer = await openTcpSwitch(second.url);
  // Half of the people send through each process, all to one domain: one of the two holds its queue.
  const halves = conversations.map((one, index) => (index % 2 === 0 ? one : { ...one, sender: { ...one.sender, url: balancer.url } }));
  const deaths: Promise<number | null>[] = [];
  let acknowledged = 0;
  const onAcknowledged = (count: number): void => {
    const was = acknowledged;
    acknowledged += count;
    if (was >= DIES_AT || acknowledged < DIES_AT) return;
    balancer.leadTo(first.url);
    deaths.push(second.end('SIGKILL'));
  };
  const { byConversation } = await sendAll({ conversations: halves, count: MESSAGES, workload: DEFAULT_WORKLOAD, signal: forever, onAcknowledged });
  expect(deaths).toHaveLength(1);
  await waitForMessages(receiver, before + MESSAGES, { patienceMs: TAKEN_OVER_MS, signal: forever });
  expect(await findFaults({ sent: byConversation, sender, receiver })).toEqual([]);
  await eventually(async () => expect(await sender.countQueued()).toBe(0));
}, TEST_TIMEOUT_MS);
