import { BATCH_TARGET, MESSAGES_TARGET } from '../protocol/endpoints.ts';
import { isJsonObject } from '../protocol/json.ts';

interface Exchange {
  readonly request: { readonly rawTarget: string; readonly body: Uint8Array | 'too_large'; readonly headers: readonly (readonly [string, string])[] };
  readonly answer: { readonly status: number; readonly body: string };
}

/** Gives the messages, as `<origin> <message id>`, that an answer says are kept: a 2xx is a promise [DEL-3]. */
export function promisesIn(request: Exchange['request'], answer: Exchange['answer']): readonly string[] {
  if (answer.status >= 300 || request.body === 'too_large') return [];
  if (request.rawTarget !== MESSAGES_TARGET && request.rawTarget !== BATCH_TARGET) return [];
  const body: unknown = JSON.parse(Buffer.from(request.body).toString('utf8'));
  if (request.rawTarget === MESSAGES_TARGET) return promiseOf(body);
  const results: unknown = JSON.parse(answer.body);
  if (!isJsonObject(body) || !isJsonObject(results)) return [];
  const { items } = body;
  const { results: outcomes } = results;
  if (!Array.isArray(items) || !Array.isArray(outcomes)) return [];
  return items.flatMap((item: unknown, place) => {
    const outcome: unknown = outcomes[place];
    const isKept = isJsonObject(outcome) && typeof outcome['status'] === 'number' && outcome['status'] < 300;
    return isKept && isJsonObject(item) && item['path'] === MESSAGES_TARGET ? promiseOf(item['body']) : [];
  });
}

function promiseOf(body: unknown): readonly string[] {
  if (!isJsonObject(body)) return [];
  const { messageId, senderId } = body;
  return typeof messageId === 'string' && typeof senderId === 'string' ? [`${senderId.slice(senderId.indexOf('@') + 1)} ${messageId}`] : [];
}
