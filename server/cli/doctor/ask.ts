import type { Domain } from '../../../protocol/ids.ts';
import type { Clock } from '../../domain/ports.ts';
import type { ExchangeOutcome } from '../../federation/discovery/http-exchange.ts';
import type { PeerEndpoint } from '../../federation/discovery/peer-connector.ts';
import type { Network } from '../../network.ts';

/** What one request came to, and when by the clock of this machine. */
export interface TimedOutcome {
  readonly outcome: ExchangeOutcome;
  readonly sentAt: Date;
  readonly receivedAt: Date;
}

/** One unsigned GET to a server of `domain`; `target` is sent byte for byte. */
interface Question {
  readonly domain: Domain;
  readonly endpoint: PeerEndpoint;
  readonly target: string;
  readonly maxAnswerBytes: number;
}

/** Asks a server over the same guarded way that deliveries take. @see docs/protocol.md [DISC-4] [DISC-5] [DISC-6] */
export async function ask({ guardedRequest }: Network, clock: Clock, { domain, endpoint, target, maxAnswerBytes }: Question): Promise<TimedOutcome> {
  const send = async (): Promise<TimedOutcome> => {
    const sentAt = clock.now();
    const outcome = await guardedRequest({ ...endpoint, poolKey: domain, method: 'GET', target, headers: { accept: 'application/json' }, maxAnswerBytes });
    return { outcome, sentAt, receivedAt: clock.now() };
  };
  const first = await send();
  // The server closed a kept connection at the same moment: nothing says that it failed.
  return first.outcome.kind === 'broken' && first.outcome.reason === 'stale_connection' ? send() : first;
}
