import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Clock } from '../domain/ports.ts';
import type { QueueDepths } from './queue-depths.ts';

/** Peers that get time series of their own; the rest is in the totals. */
export const MAX_PEERS_SHOWN = 100;

/** Gauges whose values are asked for when somebody looks. */
export interface QueueGauges {
  /** Asks the database, and says in the gauges what it answered; without an answer only that there was none. */
  refresh(): Promise<void>;
}

/** Creates the gauges of the queue; `read` gives the depths of at most {@link MAX_PEERS_SHOWN} peers and throws where it cannot. */
export function createQueueGauges({ registry, read, clock }: { readonly registry: Registry; readonly read: () => Promise<QueueDepths>; readonly clock: Clock }): QueueGauges {
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const perPeer = (name: string, help: string): Gauge<'peer'> => new Gauge({ name, help, registers, labelNames: ['peer'] });
  const success = gauge('securechat_queue_scrape_success', 'Whether the database answered for the gauges of the queue (1) or not (0)');
  const total = gauge('securechat_queued_deliveries', 'Deliveries that wait, for all peers');
  const peers = gauge('securechat_queued_peers', 'Peers that something waits for');
  const oldest = gauge('securechat_queue_oldest_seconds', 'Age of the oldest delivery that waits, for any peer');
  const dead = gauge('securechat_dead_deliveries', 'Deliveries that were given up and can be tried again');
  const openCircuits = gauge('securechat_open_circuits', 'Peers whose circuit is open');
  const depth = perPeer('securechat_peer_queued_deliveries', `Deliveries that wait for a peer, of the ${MAX_PEERS_SHOWN} with most`);
  const oldestOfPeer = perPeer('securechat_peer_queue_oldest_seconds', 'Age of the oldest delivery that waits for that peer');
  const circuit = perPeer('securechat_peer_circuit_open', `1 for a peer whose circuit is open, of at most ${MAX_PEERS_SHOWN}`);
  const ageSeconds = (since: Date | null): number => (since === null ? 0 : Math.max(0, (clock.now().getTime() - since.getTime()) / 1_000));

  const show = (depths: QueueDepths): void => {
    total.set(depths.total);
    peers.set(depths.peers);
    oldest.set(ageSeconds(depths.oldestAt));
    dead.set(depths.dead);
    openCircuits.set(depths.openCircuitCount);
    for (const { domain, depth: waiting, oldestAt } of depths.deepest) {
      depth.set({ peer: domain }, waiting);
      oldestOfPeer.set({ peer: domain }, ageSeconds(oldestAt));
    }
    for (const domain of depths.openCircuits) circuit.set({ peer: domain }, 1);
  };
  return {
    async refresh() {
      const depths = await read().catch(() => null);
      for (const shown of [total, peers, oldest, dead, openCircuits]) shown.remove();
      for (const shown of [depth, oldestOfPeer, circuit]) shown.reset();
      success.set(depths === null ? 0 : 1);
      if (depths !== null) show(depths);
    },
  };
}
