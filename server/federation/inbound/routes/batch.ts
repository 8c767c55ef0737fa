import type { z } from 'zod';
import { isPermanentCode, ProtocolError } from '../../../../protocol/errors.ts';
import { isJsonObject } from '../../../../protocol/json.ts';
import type { JsonValue } from '../../../../protocol/json.ts';
import { MAX_BATCH_JSON_DEPTH, MAX_BODY_BYTES } from '../../../../protocol/limits.ts';
import { batchBody } from '../../../../protocol/schemas/batch-body.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import type { Refusal, RouteResult } from '../federation-exchange.ts';
import { findRoute } from './find-route.ts';
import type { Route, RouteCall } from './route.ts';

type Item = z.output<typeof batchBody>['items'][number];

/**
 * Creates `POST /batch` over the routes that may stand in one: each item goes through the checks of a single request
 * from the form of its target on and has a result of its own. What fails and will be sent again holds back the later
 * items of its conversation, so that these do not overtake it.
 * @see docs/protocol.md [API-7] [DEL-1]
 */
export function createBatchRoute(routes: readonly Route[]): Route {
  return {
    name: 'batch',
    method: 'POST',
    path: ['batch'],
    maxJsonDepth: MAX_BATCH_JSON_DEPTH,
    async answer(call) {
      const { items } = parseBody(batchBody, call.body);
      const heldBack = new Set<string>();
      const results: object[] = [];
      for (const [index, item] of items.entries()) {
        const conversation = conversationOf(item.body);
        const isHeldBack = conversation !== null && heldBack.has(conversation);
        const outcome = isHeldBack ? call.refuseItem(new ProtocolError('unavailable'), index) : await settle(item, { routes, call, index });
        if (conversation !== null && isRetried(outcome)) heldBack.add(conversation);
        results.push({ id: item.id, status: outcome.status, body: outcome.body });
      }
      return { status: 200, body: { results } };
    },
  };
}

async function settle(item: Item, { routes, call, index }: { routes: readonly Route[]; call: RouteCall; index: number }): Promise<RouteResult | Refusal> {
  try {
    const { route, parameters } = findRoute(routes, { target: item.path, method: item.method });
    // The bytes of one item cannot be told from those around it: what counts is its value, written without blanks.
    if (Buffer.byteLength(JSON.stringify(item.body)) > MAX_BODY_BYTES) throw new ProtocolError('body_too_large');
    return await route.answer({ ...call, parameters, body: item.body });
  } catch (error) {
    return call.refuseItem(error, index);
  }
}

/** The conversation of an item is the one that its body names at the top; events name theirs one by one and have none. */
function conversationOf(body: JsonValue): string | null {
  const conversationId = isJsonObject(body) ? body['conversationId'] : undefined;
  return typeof conversationId === 'string' ? conversationId : null;
}

/** Whether the sender will try again [ERR-4]; `unknown_conversation` is among what it does, for a while. */
function isRetried(outcome: RouteResult | Refusal): boolean {
  return 'code' in outcome && !isPermanentCode(outcome.code);
}
