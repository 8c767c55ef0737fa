import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { exchange } from './http-exchange.ts';
import type { HttpAnswer } from './http-exchange.ts';
import type { DraftMessage } from './message-maker.ts';

/** Calls `messages.send` of one instance as one person, over connections that are kept. */
export interface ProcedureCaller {
  /** Sends in one request, again and again while the server cannot take it; throws where it refuses for good. */
  send(messages: readonly DraftMessage[]): Promise<void>;
  /** How many requests had to be sent again. */
  repeats(): number;
  close(): void;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** Creates the caller of a person whose session is in `cookie`. */
export function createProcedureCaller(options: { readonly url: string; readonly cookie: string; readonly connections: number; readonly signal: AbortSignal }): ProcedureCaller {
  const { hostname, port } = new URL(options.url);
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const headers = { 'content-type': 'application/json', 'x-securechat-client': '1', cookie: options.cookie };
  let repeats = 0;

  async function attempt(messages: readonly DraftMessage[]): Promise<HttpAnswer | null> {
    const path = `/api/trpc/${messages.map(() => 'messages.send').join(',')}?batch=1`;
    const body = JSON.stringify(Object.fromEntries(messages.map((message, index) => [index, message])));
    try {
      return await exchange({ secure: false, options: { hostname, port, path, headers, agent }, body });
    } catch {
      return null;
    }
  }

  return {
    async send(messages) {
      for (let failures = 0; ; failures += 1) {
        const answer = await attempt(messages);
        if (answer?.status === 200) return;
        if (answer !== null && !isPassing(answer)) throw new Error(`messages.send was refused: ${answer.status} ${answer.body.slice(0, 300)}`);
        repeats += 1;
        await delay(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS), undefined, { signal: options.signal });
      }
    },
    repeats: () => repeats,
    close: () => agent.destroy(),
  };
}

/** 207 is several answers, some of which may be refusals for good; sending all of them again tells which. */
function isPassing({ status, body }: HttpAnswer): boolean {
  if (status !== 207) return status === 429 || status >= 500;
  return /"httpStatus":(?:429|5\d\d)/.test(body) && !/"httpStatus":4(?!29)\d\d/.test(body);
}
