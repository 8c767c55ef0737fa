import type { Logger } from 'pino';
import { HELLO_TARGET } from '../../../protocol/endpoints.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { OUTBOX_LIFETIME_MS } from '../../domain/outbox/retry-schedule.ts';
import type { Clock, Peer, PeerStore } from '../../domain/ports.ts';
import type { PeerClient } from './peer-client.ts';

interface HelloOptions {
  readonly peers: Pick<PeerStore, 'list'>;
  readonly peerClient: Pick<PeerClient, 'isCore' | 'send'>;
  readonly isBlocked: (domain: Domain) => Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells peers that this server is back. */
export interface Hello {
  /** Sends one hello to each peer that may hold something for this server, and answers when all are done; it never throws. Once in 5 s is enough for anybody. */
  sayHello(): Promise<void>;
  /** Begins no further one. */
  stop(): void;
}

/** How many peers are greeted at once: enough to be quick, too few to be a burden of the first minute. */
const AT_ONCE = 16;
/** A peer heeds one in this time. */
const INTERVAL_MS = 5_000;

/**
 * Creates the greeting of a server that has just started, or has its database back: every Full peer heard from or reached in the time for which
 * deliveries are kept drains its queue at once instead of at its next attempt. Nothing depends on its arrival.
 * @see docs/protocol.md [API-9] [DEL-2]
 */
export function createHello(options: HelloOptions): Hello {
  const { peers, logger } = options;
  let stopped = false;
  let saidAtMs = Number.NEGATIVE_INFINITY;
  return {
    async sayHello() {
      const nowMs = options.clock.now().getTime();
      if (Math.abs(nowMs - saidAtMs) < INTERVAL_MS) return;
      saidAtMs = nowMs;
      try {
        const waiting = (await peers.list()).filter((peer) => mayHoldSomething(peer, options.clock.now())).map(({ domain }) => domain);
        const next = (): Domain | undefined => (stopped ? undefined : waiting.pop());
        const greet = async (): Promise<void> => {
          for (let domain = next(); domain !== undefined; domain = next()) await greetOne(options, domain);
        };
        await Promise.all(Array.from({ length: AT_ONCE }, greet));
      } catch (err) {
        logger.warn({ err }, 'peers were not told that this server is back');
      }
    },
    stop() {
      stopped = true;
    },
  };
}

async function greetOne({ peerClient, isBlocked, logger }: HelloOptions, domain: Domain): Promise<void> {
  try {
    if ((await isBlocked(domain)) || (await peerClient.isCore(domain))) return;
    await peerClient.send({ destination: domain, method: 'POST', target: HELLO_TARGET, body: '{}' });
  } catch (err) {
    logger.warn({ err, destination: domain }, 'a peer was not told that this server is back');
  }
}

function mayHoldSomething({ lastInboundAt, lastSuccessAt }: Peer, now: Date): boolean {
  const lastMs = Math.max(lastInboundAt?.getTime() ?? 0, lastSuccessAt?.getTime() ?? 0);
  return now.getTime() - lastMs < OUTBOX_LIFETIME_MS;
}
