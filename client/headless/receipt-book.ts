import type { MessageId, UserId } from '../../protocol/ids.ts';
import type { ReceiptView } from '../model.ts';
import type { ReceiptWire } from '../trpc/wire.ts';

/** What is known of own messages on the way from their recipients' servers to their eyes. */
export interface ReceiptBook {
  /** Takes receipts over; gives what of them was not known. */
  note(receipts: readonly ReceiptWire[]): readonly ReceiptWire[];
  /** Gives who has a message on a device or read it, in order of name. */
  of(messageId: MessageId): readonly ReceiptView[];
  /** Forgets everything, when receipts are switched off. */
  clear(): void;
}

const MAX_MESSAGES = 2_000;

/** Creates an empty book. What was read is on a device as well, whichever of the two is told last. */
export function createReceiptBook(): ReceiptBook {
  const known = new Map<MessageId, Map<UserId, ReceiptView['state']>>();

  function noteOne(messageId: MessageId, { userId, state }: ReceiptWire): boolean {
    const states = known.get(messageId) ?? new Map<UserId, ReceiptView['state']>();
    if (states.get(userId) === 'read' || states.get(userId) === state) return false;
    states.set(userId, state);
    known.set(messageId, states);
    const [oldest] = known.keys();
    if (known.size > MAX_MESSAGES && oldest !== undefined) known.delete(oldest);
    return true;
  }

  return {
    note: (receipts) =>
      receipts
        .map((receipt) => ({ ...receipt, messageIds: receipt.messageIds.filter((messageId) => noteOne(messageId, receipt)) }))
        .filter(({ messageIds }) => messageIds.length > 0),
    of: (messageId) =>
      [...(known.get(messageId) ?? [])].map(([userId, state]) => ({ userId, state })).sort((a, b) => (a.userId < b.userId ? -1 : 1)),
    clear: () => known.clear(),
  };
}
