import type { Domain } from '../../../protocol/ids.ts';
import type { PeerLimits } from '../../../protocol/key-document.ts';
import { MAX_BATCH_BODY_BYTES, MAX_BATCH_ITEMS, MAX_BODY_BYTES } from '../../../protocol/limits.ts';
import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';
import type { ConversationQueues } from './conversation-queues.ts';
import { deliverBatch } from './deliver-batch.ts';
import { deliverEvents } from './deliver-events.ts';
import { deliverItem } from './deliver-item.ts';
import { NO_OUTCOME } from './delivery-outcome.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import type { DrainOptions } from './drain-options.ts';
import { fillBatch, textOf } from './fill-batch.ts';
import type { FilledBatch } from './fill-batch.ts';
import type { LaneReceipts } from './lane-receipts.ts';
import { asBatchItem } from './pack-events.ts';
import type { PackedEvents } from './pack-events.ts';
import type { PeerStanding } from './peer-standing.ts';

/** One request to a peer: items, events, or both; `texts` is null where it is no batch. */
export interface LaneRequest {
  readonly items: readonly OutboxItem[];
  readonly texts: readonly string[] | null;
  readonly events: PackedEvents | null;
}

/** What a lane has to send; `limits` are null for a peer that is sent no batches. */
interface InHand {
  readonly queues: ConversationQueues;
  readonly receipts: LaneReceipts;
  readonly limits: PeerLimits | null;
  /** Items that are to be sent each as a request of its own. */
  readonly lone: Set<OutboxItem>;
  /** Whether events may stand in a batch. */
  readonly joinsEvents: boolean;
}

/** Takes out the next request: as many items as go together, the first one that may go alone, or events; null for nothing. */
export function takeRequest({ queues, receipts, limits, lone, joinsEvents }: InHand): LaneRequest | null {
  const batch = limits === null ? null : fillBatch(queues.ready(), { limits, lone });
  const items = batch !== null && batch.items.length > 0 ? batch.items : firstOf(queues);
  queues.take(items);
  for (const item of items) lone.delete(item);
  if (items.length === 0) {
    const events = receipts.take(limits?.maxBodyBytes ?? MAX_BODY_BYTES);
    return events === null ? null : { items, texts: null, events };
  }
  if (batch === null || limits === null || batch.items.length === 0) return { items, texts: null, events: null };
  const events = joinsEvents && hasRoom(batch, limits) ? receipts.take(limits.maxBodyBytes) : null;
  if (events !== null) return { items, texts: [...batch.texts, textOf(asBatchItem(events), items.length)], events };
  return { items, texts: items.length > 1 ? batch.texts : null, events };
}

/** Makes the request. */
export function deliver(options: DrainOptions, { domain, request }: { readonly domain: Domain; readonly request: LaneRequest }, standing: PeerStanding): Promise<DeliveryOutcome> {
  const { items, texts, events } = request;
  const [first] = items;
  if (texts !== null) return deliverBatch(options, { domain, items, texts }, standing);
  if (first !== undefined) return deliverItem(options, first, standing);
  return events === null ? Promise.resolve(NO_OUTCOME) : deliverEvents(options, { domain, packed: events }, standing);
}

function firstOf(queues: ConversationQueues): readonly OutboxItem[] {
  for (const [first] of queues.ready()) if (first !== undefined) return [first];
  return [];
}

function hasRoom({ items, bytes }: FilledBatch<OutboxItem>, { maxBatchItems }: PeerLimits): boolean {
  return items.length < Math.min(MAX_BATCH_ITEMS, maxBatchItems) && bytes + MAX_BODY_BYTES < MAX_BATCH_BODY_BYTES;
}
