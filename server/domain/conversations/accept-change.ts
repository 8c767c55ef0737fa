import { ProtocolError } from '../../../protocol/errors.ts';
import { domainOf } from '../../../protocol/ids.ts';
import type { ConversationId, Domain, UserId } from '../../../protocol/ids.ts';
import { changeContentInput } from '../../../protocol/same-content.ts';
import { assertNotFuture } from '../assert-not-future.ts';
import { sha256Base64 } from '../hashes.ts';
import type { Clock, ConversationStore, Notifier } from '../ports.ts';
import { announceChange } from './announce-change.ts';
import { decideChange, findSubject, preferredOwnerOf } from './change-rules.ts';
import type { ChangeBody } from './change-rules.ts';

export interface AcceptedChange {
  readonly status: 'created' | 'updated' | 'duplicate';
  readonly conversationId: ConversationId;
}

/**
 * Creates the verb that takes a change from the server of its initiator. It stores everything or nothing and throws
 * ProtocolError with the code of the first check that fails.
 * @see docs/protocol.md [API-3] [API-4] [API-5] [API-6] [ERR-3]
 */
export function createChangeAcceptor(options: {
  readonly localDomain: Domain;
  readonly conversations: ConversationStore;
  readonly notifier: Notifier;
  readonly clock: Clock;
}): (body: ChangeBody, origin: Domain) => Promise<AcceptedChange> {
  const { localDomain, conversations, notifier, clock } = options;
  return async (body, origin) => {
    const now = clock.now();
    assertNotFuture(body.timestamp, now);
    if (domainOf(body.initiatorId) !== origin) throw new ProtocolError('sender_domain_mismatch');
    const contentHash = sha256Base64(changeContentInput(body));
    const { conversationId } = body;
    let before: readonly UserId[] = [];
    const decision = await conversations.change<ProtocolError>(
      { conversationId, preferredOwner: preferredOwnerOf(body, origin), actor: body.initiatorId, contentHash },
      (found) => {
        before = findSubject(body, origin, found.state)?.participants ?? [];
        return decideChange(
          { body, speaker: origin, localDomain, needsKey: (userId) => domainOf(userId) === localDomain, contentHash, now, deliveriesFor: () => [] },
          found,
        );
      },
    );
    if (decision.kind === 'refuse') throw decision.refusal;
    if (decision.kind === 'duplicate') return { status: 'duplicate', conversationId };
    announceChange({ write: decision.write, before, localDomain, notifier });
    return { status: body.action === 'create' ? 'created' : 'updated', conversationId };
  };
}
