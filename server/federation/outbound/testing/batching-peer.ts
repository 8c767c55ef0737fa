import { BATCH_TARGET, EVENTS_TARGET } from '../../../../protocol/endpoints.ts';
import { isPermanentCode, problemDocument, ProtocolError } from '../../../../protocol/errors.ts';
import type { JsonValue } from '../../../../protocol/json.ts';
import type { PeerAnswer } from '../peer-answer.ts';
import type { PeerRequest } from '../peer-client.ts';

/** Answers one item; `body` is its text, `count` how many items were sent by now. */
export type ItemScript = (request: PeerRequest & { readonly body: string }, count: number) => PeerAnswer | Promise<PeerAnswer>;

/** One item as a batch carries it; the tests' bodies hold a text and their conversation. */
interface WireItem {
  readonly id: string;
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: { readonly conversationId: string; readonly text: string; readonly events?: readonly object[] };
}

const UNAVAILABLE: PeerAnswer & { readonly kind: 'refused' } = { kind: 'refused', status: 503, code: 'unavailable', permanent: false, retryAfterSeconds: null };

/** Builds the body of a queued item. */
export function bodyOf(text: string, conversationKey: bigint): string {
  return JSON.stringify({ conversationId: String(conversationKey), text });
}

function eventsText({ events = [] }: { readonly events?: readonly object[] }): string {
  return `${events.length} events`;
}

/** Gives the texts that a request carries, one for each item. */
export function textsOf({ target, body = '' }: PeerRequest): readonly string[] {
  if (target === EVENTS_TARGET) return [eventsText(JSON.parse(body))];
  return target === BATCH_TARGET ? itemsOf(body).map((item) => (item.path === EVENTS_TARGET ? eventsText(item.body) : item.body.text)) : [JSON.parse(body).text];
}

/**
 * Answers a batch as a Full peer does: a result for each item, and 503 for those behind one of their conversation that
 * will come again; `isSequential` where it takes one after the other. Where an item finds nobody there, so does the batch.
 * `envelope` has the last word.
 */
export async function answerBatch(
  { destination, body = '' }: PeerRequest,
  answerItem: (request: PeerRequest & { readonly body: string }) => Promise<PeerAnswer>,
  { envelope, isSequential }: { readonly envelope: (results: readonly object[]) => PeerAnswer | null; readonly isSequential: boolean },
): Promise<PeerAnswer> {
  const items = itemsOf(body);
  const ask = (item: WireItem): Promise<PeerAnswer> => answerItem({ destination, method: item.method, target: item.path, body: item.body.text });
  const answers = isSequential ? await askInOrder(items, ask) : await Promise.all(items.map(ask));
  const heldBack = new Set<string>();
  const results: object[] = [];
  for (const [place, answer] of answers.entries()) {
    const item = items[place];
    if (answer.kind === 'unreachable' || item === undefined) return answer;
    const { conversationId } = item.body;
    results.push({ id: item.id, ...(heldBack.has(conversationId) ? resultOf(UNAVAILABLE) : resultOf(answer)) });
    if (answer.kind === 'refused' && (answer.code === null || !isPermanentCode(answer.code))) heldBack.add(conversationId);
  }
  return envelope(results) ?? { kind: 'success', status: 200, json: JSON.parse(JSON.stringify({ results })) };
}

/** Asks one after the other, and none behind one of its conversation that will come again. */
async function askInOrder(items: readonly WireItem[], ask: (item: WireItem) => Promise<PeerAnswer>): Promise<readonly PeerAnswer[]> {
  const answers: PeerAnswer[] = [];
  const heldBack = new Set<string>();
  for (const item of items) {
    const { conversationId } = item.body;
    const answer = heldBack.has(conversationId) ? UNAVAILABLE : await ask(item);
    answers.push(answer);
    if (answer.kind === 'unreachable') return answers;
    if (answer.kind === 'refused' && !answer.permanent) heldBack.add(conversationId);
  }
  return answers;
}

function itemsOf(body: string): readonly WireItem[] {
  return JSON.parse(body).items;
}

function resultOf(answer: Exclude<PeerAnswer, { readonly kind: 'unreachable' }>): { readonly status: number; readonly body: JsonValue } {
  const { status } = answer;
  if (answer.kind === 'success') return { status, body: answer.json };
  if (answer.code === null) return { status, body: {} };
  const { code, retryAfterSeconds } = answer;
  return { status, body: problemDocument(new ProtocolError(code, retryAfterSeconds === null ? {} : { retryAfterSeconds }), '0123456789abcdef') };
}
