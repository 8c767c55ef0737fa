import type { PeerLimits } from '../../../protocol/key-document.ts';
import { MAX_BATCH_BODY_BYTES, MAX_BATCH_ITEMS } from '../../../protocol/limits.ts';
import type { OutboxItem } from '../../domain/ports.ts';
import { exceedsLimits, findUnsendable } from './find-unsendable.ts';

/** One request that may stand in a batch; `body` is compact JSON text. */
type BatchableItem = Pick<OutboxItem, 'method' | 'target' | 'body'>;

/** The first of some items, as many as go together, and the body of the request that carries them. */
export interface FilledBatch<Item> {
  readonly items: readonly Item[];
  readonly body: string;
}

const ENVELOPE_BYTES = Buffer.byteLength('{"items":[]}');

/**
 * Puts the first items of a queue into one batch, in order, up to the peer's limits and 1 048 576 bytes. It ends before
 * an item that cannot be sent as it is, so that this one is treated alone; where that is the first, the batch is empty.
 * Each item is named by its place, from `0`.
 * @see docs/protocol.md [API-7] [KEY-2] [SIG-11]
 */
export function fillBatch<Item extends BatchableItem>(items: readonly Item[], limits: PeerLimits): FilledBatch<Item> {
  const texts: string[] = [];
  let bytes = ENVELOPE_BYTES;
  for (const item of items.slice(0, Math.min(MAX_BATCH_ITEMS, limits.maxBatchItems))) {
    const { method, target, body } = item;
    if (!canBeSent(item, limits)) break;
    const text = `{"id":"${texts.length}","method":"${method}","path":${JSON.stringify(target)},"body":${body}}`;
    // One more for the comma.
    bytes += Buffer.byteLength(text) + 1;
    if (bytes - 1 > MAX_BATCH_BODY_BYTES) break;
    texts.push(text);
  }
  return { items: items.slice(0, texts.length), body: `{"items":[${texts.join(',')}]}` };
}

function canBeSent({ target, body }: BatchableItem, limits: PeerLimits): boolean {
  const request = { target, body: Buffer.from(body) };
  return findUnsendable(request) === null && !exceedsLimits(request, limits);
}
