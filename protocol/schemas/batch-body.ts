import * as z from 'zod';
import type { JsonValue } from '../json.ts';
import { MAX_BATCH_ITEMS } from '../limits.ts';
import { boundedList } from './bounded-list.ts';

const MAX_ID_CHARACTERS = 64;

/** One request inside a batch, as it is sent: `path` is its full request-target. @see docs/protocol.md [API-7] */
export interface BatchItem {
  /** 1 to 64 characters. */
  readonly id: string;
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: JsonValue;
}

/** Characters are code points: strict JSON holds no half of a pair. */
const itemId = z
  .string()
  .refine((text) => text !== '' && [...text].length <= MAX_ID_CHARACTERS)
  .meta({ minLength: 1, maxLength: MAX_ID_CHARACTERS });

/**
 * Reads the body of `POST /batch`: the envelope alone. What an item asks for is judged item by item, so method and
 * path are any texts here and the body any value.
 * @see docs/protocol.md [API-7]
 */
export const batchBody = z.object({
  items: boundedList(
    z.array(z.object({ id: itemId, method: z.string(), path: z.string(), body: z.custom<JsonValue>((value) => value !== undefined) })),
    MAX_BATCH_ITEMS,
  ),
});
