import { EVENTS_TARGET } from '../../../protocol/endpoints.ts';
import { MAX_BODY_BYTES, MAX_EVENTS } from '../../../protocol/limits.ts';
import type { OutgoingReceipt } from '../../domain/receipts/outgoing-receipts.ts';

/** What one `POST /events` tells. */
export interface PackedEvents {
  readonly told: readonly OutgoingReceipt[];
  /** JSON text. */
  readonly body: string;
}

const ENVELOPE_BYTES = Buffer.byteLength('{"events":[]}');

/** Puts the first of these into one body of at most 100 events and 262 144 bytes, or what the peer allows. @see docs/protocol.md [API-8] [SIG-11] [KEY-2] */
export function packEvents(receipts: readonly OutgoingReceipt[], maxBodyBytes: number): PackedEvents {
  const most = Math.min(maxBodyBytes, MAX_BODY_BYTES);
  const texts: string[] = [];
  let bytes = ENVELOPE_BYTES;
  for (const { event } of receipts.slice(0, MAX_EVENTS)) {
    const text = JSON.stringify(event);
    bytes += Buffer.byteLength(text) + (texts.length === 0 ? 0 : 1);
    if (bytes > most) break;
    texts.push(text);
  }
  return { told: receipts.slice(0, texts.length), body: `{"events":[${texts.join(',')}]}` };
}

/** Makes of it what stands in a batch. @see docs/protocol.md [API-7] */
export function asBatchItem({ body }: PackedEvents): { readonly method: 'POST'; readonly target: string; readonly body: string } {
  return { method: 'POST', target: EVENTS_TARGET, body };
}
