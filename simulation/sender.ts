import { encodeBase64 } from '../protocol/base64.ts';
import { domainOf, parseMessageId } from '../protocol/ids.ts';
import type { ConversationId, MessageId } from '../protocol/ids.ts';
import { parseTimestamp } from '../protocol/timestamp.ts';
import type { Client } from './client.ts';
import type { SendRecord, SentMessage } from './record.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Trail } from './trail.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The numbers of the messages of a run, each taken once. */
export interface MessageNumbers {
  /** Takes the next one, null once all were taken. */
  take(): number | null;
  areTaken(): boolean;
}

/** What all senders of a run share. */
export interface SendingOptions {
  readonly time: VirtualTime;
  readonly record: SendRecord;
  readonly trail: Trail;
  readonly numbers: MessageNumbers;
}

const MOST_CALLS = 14;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_BURST = 20;
const LOOK_AGAIN_MS = 500;

/** Lets a person write until all numbers are taken: in bursts, alone and at once, again where they heard nothing. */
export async function sendUntilDone(client: Client, options: SendingOptions): Promise<void> {
  const { time } = options;
  const { random } = client;
  let known: readonly ConversationId[] = [];
  for (;;) {
    const listed = await client.call((procedures) => procedures.conversations.list());
    const isStale = random.chance(0.1);
    if (listed.kind === 'answer' && !isStale) known = listed.value.filter(({ standing }) => standing === 'member').map(({ conversationId }) => conversationId);
    if (known.length === 0) {
      if (options.numbers.areTaken()) return;
      await time.sleep(LOOK_AGAIN_MS);
      continue;
    }
    const conversationId = random.pick(known);
    const isDone = random.chance(0.4) ? await sendTogether(client, conversationId, options) : await sendInTurn(client, conversationId, options);
    if (isDone) return;
    await time.sleep(random.between(0, 400));
  }
}

async function sendInTurn(client: Client, conversationId: ConversationId, options: SendingOptions): Promise<boolean> {
  const count = client.random.between(1, LONGEST_BURST);
  for (let place = 0; place < count; place += 1) {
    const number = options.numbers.take();
    if (number === null) return true;
    await send(client, newMessage(client, { conversationId, number }, options), options);
  }
  return false;
}

async function sendTogether(client: Client, conversationId: ConversationId, options: SendingOptions): Promise<boolean> {
  const numbers = Array.from({ length: client.random.between(2, LONGEST_BURST) }, () => options.numbers.take()).filter((number) => number !== null);
  await Promise.all(numbers.map((number) => send(client, newMessage(client, { conversationId, number }, options), options)));
  return numbers.length === 0;
}

function newMessage(client: Client, { conversationId, number }: { conversationId: ConversationId; number: number }, { record }: SendingOptions): SentMessage {
  const { userId, host, random } = client;
  const messageId = newMessageId(number, random.fork(`message ${number}`));
  const message: SentMessage = {
    number, messageId, conversationId, senderId: userId, origin: domainOf(userId),
    payload: {
      nonce: encodeBase64(new Uint8Array(12).fill(number % 251)),
      ciphertext: encodeBase64(new TextEncoder().encode(`message ${number} of ${userId}`)),
      authTag: encodeBase64(new Uint8Array(16).fill(number % 249)),
      associatedData: { v: 1, messageId, number },
    },
    timestamp: parseTimestamp(host.clock.now().toISOString()),
    beganAt: record.tick(), acknowledgedAt: null, positions: new Set(), refusedAs: null, errors: [],
  };
  record.messages.set(messageId, message);
  return message;
}

/** A lower-case UUIDv7 that says its number. */
function newMessageId(number: number, random: SeededRandom): MessageId {
  const draw = random.between(0, 0xffff_ffff).toString(16).padStart(8, '0');
  const count = number.toString(16).padStart(12, '0');
  return parseMessageId(`${draw}-0000-7000-8000-${count}`);
}

/** Sends one message: again until it is answered, and now and then although it was. */
async function send(client: Client, message: SentMessage, options: SendingOptions): Promise<void> {
  const { random } = client;
  const together = random.chance(0.02) ? attempt(client, message, options) : null;
  for (let call = 0; call < MOST_CALLS; call += 1) {
    if (await attempt(client, message, options)) break;
    await options.time.sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** call) * (0.5 + random.fraction()));
  }
  await together;
  if (random.chance(0.03)) await attempt(client, message, options);
}

/** Makes one call; true where it was answered, for or against. */
async function attempt(client: Client, message: SentMessage, { record, trail }: SendingOptions): Promise<boolean> {
  const { messageId, conversationId, payload, timestamp } = message;
  const outcome = await client.call((procedures) => procedures.messages.send({ messageId, conversationId, payload, timestamp }));
  switch (outcome.kind) {
    case 'answer':
      message.acknowledgedAt ??= record.tick();
      message.positions.add(outcome.value.message.position);
      trail.note(`${message.senderId} heard that it is stored at position ${outcome.value.message.position}`, [messageId]);
      return true;
    case 'refused':
      message.refusedAs = outcome.code;
      trail.note(`${message.senderId} heard ${outcome.code}`, [messageId]);
      return true;
    case 'unknown':
      message.errors.push(outcome.why);
      trail.note(`${message.senderId} heard nothing: ${outcome.why}`, [messageId]);
      return false;
  }
}
