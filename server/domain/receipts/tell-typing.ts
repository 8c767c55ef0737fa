import { ProtocolError } from '../../../protocol/errors.ts';
import type { ConversationId, Domain, UserId } from '../../../protocol/ids.ts';
import type { FederationEvent } from '../../../protocol/schemas/events-body.ts';
import { formatTimestamp } from '../../../protocol/timestamp.ts';
import type { Clock, Notifier } from '../ports.ts';
import type { AcknowledgementStore } from './acknowledgement-store.ts';

/** Once per person and conversation within this time; whoever watches shows it a little longer. */
const QUIET_MS = 3_000;
const MAX_REMEMBERED = 10_000;

/**
 * Creates the verb by which a local member says that they are writing: members of this server hear it at once, other
 * domains as well as can be; what comes within 3 s of the last one is passed over. `sendEvents` queues nothing, promises
 * nothing and is told Full peers and others alike.
 * @throws ProtocolError `unknown_conversation`
 * @see docs/protocol.md [API-8]
 */
export function createTypingTeller(options: {
  readonly localDomain: Domain;
  readonly acknowledgements: Pick<AcknowledgementStore, 'findAudience'>;
  readonly notifier: Notifier;
  readonly sendEvents: (domain: Domain, events: readonly FederationEvent[]) => void;
  readonly clock: Clock;
}): (userId: UserId, conversationId: ConversationId) => Promise<void> {
  const { localDomain, acknowledgements, notifier, sendEvents, clock } = options;
  const lastTold = createLastTold();
  return async (userId, conversationId) => {
    const now = clock.now();
    if (!lastTold.pass(`${userId} ${conversationId}`, now.getTime())) return;
    const audience = await acknowledgements.findAudience(userId, conversationId, localDomain);
    if (audience === null) throw new ProtocolError('unknown_conversation');
    const { localMembers, remoteDomains } = audience;
    if (localMembers.length > 0) notifier.notify(localMembers, { kind: 'typing', conversationId, userId });
    for (const domain of remoteDomains) sendEvents(domain, [{ type: 'typing', conversationId, userId, timestamp: formatTimestamp(now) }]);
  };
}

/** Remembers when each key passed last; the oldest are forgotten first, in which case one passes early. */
function createLastTold() {
  const passedAtMs = new Map<string, number>();
  return {
    pass(key: string, nowMs: number): boolean {
      const last = passedAtMs.get(key);
      if (last !== undefined && Math.abs(nowMs - last) < QUIET_MS) return false;
      passedAtMs.delete(key);
      passedAtMs.set(key, nowMs);
      const [oldest] = passedAtMs.keys();
      if (passedAtMs.size > MAX_REMEMBERED && oldest !== undefined) passedAtMs.delete(oldest);
      return true;
    },
  };
}
