import type { BusMessage } from '../domain/process-bus.ts';

/** PostgreSQL takes less than 8 000 bytes in one NOTIFY. */
export const MAX_FRAME_BYTES = 7_900;

/** One NOTIFY: who speaks, what about itself, and what it tells. */
export interface BusFrame {
  readonly v: 1;
  readonly from: string;
  /**
   * `hello`: listens from now on and wants to know who else does; `here`: listens; `bye`: does so no more; `none`: only
   * speaks.
   */
  readonly say: 'hello' | 'here' | 'bye' | 'none';
  /** Processes that `from` had not known to listen until now: they may have missed what it had to tell. */
  readonly met?: readonly string[];
  /** Something that `from` had to tell could not be told. */
  readonly lost?: true;
  readonly items?: readonly BusMessage[];
}

/** Writes a frame. */
export function formatFrame(frame: BusFrame): string {
  return JSON.stringify(frame);
}

/** Reads a frame of this version; null for anything else. Only processes with the database's password can have written it. */
export function parseFrame(text: string): BusFrame | null {
  try {
    const frame = JSON.parse(text) as BusFrame;
    return frame.v === 1 && typeof frame.from === 'string' ? { ...frame, items: (frame.items ?? []).map(reviveInstant) } : null;
  } catch {
    return null;
  }
}

/** The one instant among all items is that of a delivery. */
function reviveInstant(message: BusMessage): BusMessage {
  if (message.kind !== 'event' || message.event.kind !== 'delivery') return message;
  const { delivery } = message.event;
  const nextAttemptAt = delivery.nextAttemptAt === null ? null : new Date(delivery.nextAttemptAt);
  return { ...message, event: { ...message.event, delivery: { ...delivery, nextAttemptAt } } };
}

/**
 * Writes messages into as few frames as they fit in, in order; `envelope` is what every frame says besides. A message
 * too large for one is cut into several; what cannot be cut is left out, and the first frame then says so.
 */
export function packFrames(messages: readonly BusMessage[], envelope: Omit<BusFrame, 'items'>): readonly string[] {
  const room = MAX_FRAME_BYTES - Buffer.byteLength(formatFrame({ ...envelope, lost: true, items: [] }));
  const { pieces, complete } = cutAll(mergeWakes(messages), room);
  const head: Omit<BusFrame, 'items'> = complete ? envelope : { ...envelope, lost: true };
  const batches: string[][] = [];
  let left = -1;
  for (const piece of pieces) {
    const size = Buffer.byteLength(piece) + 1;
    if (size > left) {
      batches.push([]);
      left = room;
    }
    batches.at(-1)?.push(piece);
    left -= size;
  }
  if (batches.length === 0 && head.lost === true) batches.push([]);
  return batches.map((batch, index) => join(index === 0 ? head : envelope, batch));
}

/** The items are written already: writing them again with their frame would cost the same once more. */
function join(envelope: Omit<BusFrame, 'items'>, items: readonly string[]): string {
  return `${JSON.stringify(envelope).slice(0, -1)},"items":[${items.join(',')}]}`;
}

/** Many wakes of one moment are one. */
function mergeWakes(messages: readonly BusMessage[]): readonly BusMessage[] {
  const domains = new Set(messages.flatMap((message) => (message.kind === 'wake' ? message.domains : [])));
  if (domains.size === 0) return messages;
  return [{ kind: 'wake', domains: [...domains] }, ...messages.filter(({ kind }) => kind !== 'wake')];
}

function cutAll(messages: readonly BusMessage[], room: number): { readonly pieces: readonly string[]; readonly complete: boolean } {
  const pieces: string[] = [];
  let complete = true;
  const add = (message: BusMessage): void => {
    const text = JSON.stringify(message);
    if (Buffer.byteLength(text) < room) {
      pieces.push(text);
      return;
    }
    const halves = cutInHalf(message);
    if (halves === null) complete = false;
    else halves.forEach(add);
  };
  messages.forEach(add);
  return { pieces, complete };
}

/** Cuts the longest list of a message in two; null where there is nothing to cut. */
function cutInHalf(message: BusMessage): readonly BusMessage[] | null {
  if (message.kind === 'wake') return halvesOf(message.domains)?.map((domains) => ({ ...message, domains })) ?? null;
  if (message.kind !== 'event') return null;
  const { event, userIds } = message;
  if (event.kind === 'receipt' && event.messageIds.length > userIds.length) {
    return halvesOf(event.messageIds)?.map((messageIds) => ({ ...message, event: { ...event, messageIds } })) ?? null;
  }
  return halvesOf(userIds)?.map((half) => ({ ...message, userIds: half })) ?? null;
}

function halvesOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] | null {
  const middle = Math.ceil(items.length / 2);
  return items.length < 2 ? null : [items.slice(0, middle), items.slice(middle)];
}
