import type { WireDelivery } from '../../server/realtime/events.ts';

/** What the socket told of deliveries, which may overtake the answers that report an earlier state of them. */
export interface DeliveryNews {
  note(delivery: WireDelivery): void;
  /** Gives the newer of what an answer reports and what the socket told. */
  newest(reported: WireDelivery): WireDelivery;
  /** Forgets what may have changed unheard, when the socket is gone. */
  goOffline(): void;
}

const MAX_NOTES = 5_000;

/**
 * Creates the memory of deliveries. While the socket stands it hears every change, so its word is the last one; that a
 * domain has a message is final whoever says it.
 */
export function createDeliveryNews(): DeliveryNews {
  const notes = new Map<string, WireDelivery>();
  return {
    note(delivery) {
      notes.set(keyOf(delivery), delivery);
      const [oldest] = notes.keys();
      if (notes.size > MAX_NOTES && oldest !== undefined) notes.delete(oldest);
    },
    newest(reported) {
      if (reported.state === 'delivered') return reported;
      return notes.get(keyOf(reported)) ?? reported;
    },
    goOffline() {
      for (const [key, { state }] of notes) if (state !== 'delivered') notes.delete(key);
    },
  };
}

function keyOf({ messageId, domain }: WireDelivery): string {
  return `${messageId} ${domain}`;
}
