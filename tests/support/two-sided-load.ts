import { setTimeout as pause } from 'node:timers/promises';
import { messageBody, MESSAGES } from './foreign-bodies.ts';
import { signRequest } from './inbound-suite.ts';
import { BOB, HERE } from './two-sided-ground.ts';
import type { TwoSidedGround } from './two-sided-ground.ts';

/** Who sends: a person of the server, or the foreign server. */
type Side = 'local' | 'remote';

/** What one sending came to. */
interface Sending {
  readonly side: Side;
  readonly messageId: string;
  /** Null where no answer came. */
  readonly status: number | null;
  /** The code that the answer names. */
  readonly code: string | null;
}

/** Messages from both sides, one after the other in each conversation; what is not acknowledged is sent again as it was. */
export interface TwoSidedLoad {
  /** Everything that was sent, in the order of its answers. */
  readonly sendings: readonly Sending[];
  /** Ids of the messages of a side that were acknowledged. */
  acknowledged(side: Side): readonly string[];
  /** Ids of the messages of a side that were sent at all. */
  sent(side: Side): readonly string[];
  stop(): Promise<void>;
}

/** A person with a conversation, who sends and is sent to. */
export interface LoadPair {
  readonly userId: string;
  readonly cookie: string;
  readonly conversationId: string;
}

/** After a refusal, so that a server that is away is not asked without pause. */
const RETRY_MS = 25;
const ANSWER_TIMEOUT_MS = 15_000;

/** Starts to send in both directions for each pair, as fast as the server answers. */
export function startTwoSidedLoad(ground: TwoSidedGround, pairs: readonly LoadPair[]): TwoSidedLoad {
  const sendings: Sending[] = [];
  const stopping = new AbortController();
  const isRunning = (): boolean => !stopping.signal.aborted;

  async function run(side: Side, pair: LoadPair): Promise<void> {
    while (isRunning()) {
      const body = newMessage(side, pair);
      let isTaken = false;
      while (isRunning() && !isTaken) {
        const answer = await send(ground, pair, { side, body });
        isTaken = answer.status !== null && answer.status < 300;
        sendings.push({ side, messageId: String(body['messageId']), ...answer });
        if (!isTaken) await pause(RETRY_MS);
      }
    }
  }

  const runs = pairs.flatMap((pair) => [run('local', pair), run('remote', pair)]);
  const idsOf = (wanted: (sending: Sending) => boolean): readonly string[] => [...new Set(sendings.filter(wanted).map(({ messageId }) => messageId))];
  return {
    sendings,
    acknowledged: (side) => idsOf((sending) => sending.side === side && sending.status !== null && sending.status < 300),
    sent: (side) => idsOf((sending) => sending.side === side),
    async stop() {
      stopping.abort();
      await Promise.all(runs);
    },
  };
}

/** Sends one message of a person and answers its id. */
export async function sendOne(ground: TwoSidedGround, pair: LoadPair): Promise<string> {
  const body = newMessage('local', pair);
  const { status } = await send(ground, pair, { side: 'local', body });
  if (status !== 200) throw new Error(`the message was answered ${status}`);
  return String(body['messageId']);
}

/** Makes the pairs: each registers and is in a conversation with Bob. */
export async function createPairs(ground: TwoSidedGround, count: number): Promise<readonly LoadPair[]> {
  const pairs: LoadPair[] = [];
  for (let number = 1; number <= count; number += 1) {
    const person = await ground.register(`person${number}`);
    pairs.push({ ...person, conversationId: await ground.found(person.userId) });
  }
  return pairs;
}

function newMessage(side: Side, { userId, conversationId }: LoadPair): Readonly<Record<string, unknown>> {
  return messageBody({ conversationId, senderId: side === 'local' ? userId : BOB, recipientServerDomain: side === 'local' ? 'd.test' : HERE });
}

type Answered = Pick<Sending, 'status' | 'code'>;

async function send(ground: TwoSidedGround, pair: LoadPair, { side, body }: { readonly side: Side; readonly body: Readonly<Record<string, unknown>> }): Promise<Answered> {
  const [target, headers, text] = side === 'local' ? asClient(pair, body) : asPeer(ground, body);
  try {
    const answer = await fetch(`${ground.url}${target}`, { method: 'POST', headers, body: text, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return { status: answer.status, code: codeOf(await answer.text()) };
  } catch {
    return { status: null, code: null };
  }
}

type Prepared = readonly [target: string, headers: Record<string, string>, body: string];

function asClient({ cookie }: LoadPair, body: Readonly<Record<string, unknown>>): Prepared {
  const { conversationId, messageId, payload, timestamp } = body;
  const headers = { 'content-type': 'application/json', 'x-securechat-client': '1', cookie };
  return ['/api/trpc/messages.send', headers, JSON.stringify({ conversationId, messageId, payload, timestamp })];
}

/** Each sending is signed anew, or it would be a replay. */
function asPeer({ foreign }: TwoSidedGround, message: Readonly<Record<string, unknown>>): Prepared {
  const { headers = [], body = '' } = signRequest(foreign, { target: MESSAGES, body: message });
  return [MESSAGES, Object.fromEntries(headers), body.toString()];
}

/** The code of a problem [ERR-1], or the reason that clients are told. */
function codeOf(text: string): string | null {
  try {
    const body = JSON.parse(text) as { readonly code?: string; readonly error?: { readonly data?: { readonly reason?: string } } };
    return body.code ?? body.error?.data?.reason ?? null;
  } catch {
    return null;
  }
}
