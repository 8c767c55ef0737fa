import { MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import type { PeerLimits } from '../../../protocol/key-document.ts';
import { MAX_BATCH_BODY_BYTES, MAX_BATCH_ITEMS, MAX_BODY_BYTES, MAX_PARTICIPANTS } from '../../../protocol/limits.ts';
import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';
import { exceedsLimits, findUnsendable } from './find-unsendable.ts';

/** One request that may stand in a batch; `body` is compact JSON text. */
type BatchableItem = Pick<OutboxItem, 'method' | 'target' | 'body'>;

/** The first of some items, as many as go together, and the texts that stand for them in the request. */
export interface FilledBatch<Item> {
  readonly items: readonly Item[];
  readonly texts: readonly string[];
  /** Of the request so far. */
  readonly bytes: number;
}

const ENVELOPE_BYTES = Buffer.byteLength('{"items":[]}');

/**
 * Puts the first items of queues into one batch, each queue in order and one after the other, up to the peer's limits and
 * 1 048 576 bytes. Of a queue nothing goes that stands behind an item which cannot be sent as it is or is `lone`; such a
 * one is to be treated alone. Each item is named by its place, from `0`.
 * @see docs/protocol.md [API-7] [KEY-2] [SIG-11]
 */
export function fillBatch<Item extends BatchableItem>(
  queues: Iterable<readonly Item[]>,
  { limits, lone }: { readonly limits: PeerLimits; readonly lone: ReadonlySet<Item> },
): FilledBatch<Item> {
  const most = Math.min(MAX_BATCH_ITEMS, limits.maxBatchItems);
  const items: Item[] = [];
  const texts: string[] = [];
  let bytes = ENVELOPE_BYTES;
  for (const queue of queues) {
    for (const item of queue) {
      if (items.length >= most) return { items, texts, bytes };
      if (lone.has(item) || !canBeSent(item, limits)) break;
      const text = textOf(item, items.length);
      // One more for the comma, which the first does not have.
      const more = Buffer.byteLength(text) + (items.length === 0 ? 0 : 1);
      if (bytes + more > MAX_BATCH_BODY_BYTES) return { items, texts, bytes };
      bytes += more;
      items.push(item);
      texts.push(text);
    }
  }
  return { items, texts, bytes };
}

/** Builds the text of one item of a batch. */
export function textOf({ method, target, body }: BatchableItem, place: number): string {
  return `{"id":"${place}","method":"${method}","path":${target === MESSAGES_TARGET ? MESSAGES_PATH : JSON.stringify(target)},"body":${body}}`;
}

const MESSAGES_PATH = JSON.stringify(MESSAGES_TARGET);

/** Builds the body of a batch out of the texts of its items. */
export function batchText(texts: readonly string[]): string {
  return `{"items":[${texts.join(',')}]}`;
}

function canBeSent({ target, body }: BatchableItem, limits: PeerLimits): boolean {
  // Most are messages: their target is known to be one, and they have no members to count.
  if (target === MESSAGES_TARGET && limits.maxParticipants >= MAX_PARTICIPANTS) {
    return Buffer.byteLength(body) <= Math.min(limits.maxBodyBytes, MAX_BODY_BYTES);
  }
  const request = { target, body: Buffer.from(body) };
  return findUnsendable(request) === null && !exceedsLimits(request, limits);
}
