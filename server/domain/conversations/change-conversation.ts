import { ProtocolError } from '../../../protocol/errors.ts';
import { CONVERSATIONS_TARGET, sessionKeyTarget } from '../../../protocol/endpoints.ts';
import { domainOf } from '../../../protocol/ids.ts';
import type { Domain, UserId } from '../../../protocol/ids.ts';
import { MAX_BODY_BYTES } from '../../../protocol/limits.ts';
import { changeContentInput } from '../../../protocol/same-content.ts';
import { isFullChange } from '../../../protocol/schemas/change-fields.ts';
import { assertNotFuture } from '../assert-not-future.ts';
import { sha256Base64 } from '../hashes.ts';
import type { FederationPolicy } from '../peers/federation-policy.ts';
import type { OutboxDraft } from '../outbox/outbox-store.ts';
import type { ChangeDecision, Clock, ConversationState, ConversationStore, DeliveryWaker, FoundConversation, Notifier } from '../ports.ts';
import { withReadableJson } from '../read-by-peers.ts';
import type { AcceptedChange } from './accept-change.ts';
import { announceChange } from './announce-change.ts';
import { decideChange, findSubject, preferredOwnerOf } from './change-rules.ts';
import type { ChangeBody, ChangeContext } from './change-rules.ts';

/**
 * Creates the verb by which a local person changes a conversation. The body holds a key for every member after the
 * change; each remote server gets its own members' keys only, queued in the same transaction [DEL-1]. Who leaves gives
 * no key, and every other server of the conversation that knows leaving is told. Throws
 * ProtocolError, also `domain_blocked` when a member's server may not be spoken to and `body_too_large` when a server
 * would not take the change; a conversation of others is as unknown as a missing one.
 * @see docs/protocol.md [API-3] [API-4] [API-5]
 */
export function createConversationChanger(options: {
  readonly localDomain: Domain;
  readonly conversations: ConversationStore;
  readonly policy: FederationPolicy;
  readonly notifier: Notifier;
  readonly waker: DeliveryWaker;
  readonly clock: Clock;
}): (body: ChangeBody) => Promise<AcceptedChange> {
  const { localDomain, conversations, notifier, waker, clock } = options;
  return async (body) => {
    const now = clock.now();
    assertNotFuture(body.timestamp, now);
    await refuseBlockedDomains(body, options);
    const contentHash = withReadableJson({ json: JSON.stringify(body), depthAround: 0 }, () => sha256Base64(changeContentInput(body)));
    const { conversationId, initiatorId } = body;
    const deliveriesFor = (members: readonly UserId[]): readonly OutboxDraft[] => draftDeliveries(body, members, localDomain);
    const context = { body, speaker: localDomain, localDomain, needsKey: () => true, contentHash, now, deliveriesFor };
    let before: readonly UserId[] = [];
    const decision = await conversations.change<ProtocolError>(
      { conversationId, preferredOwner: preferredOwnerOf(body, localDomain), actor: initiatorId, contentHash },
      (found) => {
        before = findSubject(body, localDomain, found.state)?.participants ?? [];
        return decideLocalChange(context, found);
      },
    );
    if (decision.kind === 'refuse') throw await hideFromStrangers(decision.refusal, body, conversations);
    if (decision.kind === 'duplicate') return { status: 'duplicate', conversationId };
    announceChange({ write: decision.write, before, localDomain, notifier });
    if (decision.write.deliveries.length > 0) waker.wake(decision.write.deliveries.map(({ destination }) => destination));
    return { status: body.action === 'create' ? 'created' : 'updated', conversationId };
  };
}

async function decideLocalChange(context: ChangeContext, found: FoundConversation): Promise<ChangeDecision<ProtocolError>> {
  const { body, speaker } = context;
  // Only its founder brings a conversation here into being; an addition to an unknown one is a mistake.
  if (body.action !== 'create' && findSubject(body, speaker, found.state) === null) {
    return { kind: 'refuse', refusal: new ProtocolError('unknown_conversation') };
  }
  const decision = await decideChange(context, found);
  if (decision.kind === 'apply' && found.state !== null && passesOverLeave(body, found.state)) {
    return { kind: 'refuse', refusal: new ProtocolError('stale_epoch', { currentEpoch: found.state.epoch }) };
  }
  const isTooLarge = decision.kind === 'apply' && decision.write.deliveries.some((delivery) => Buffer.byteLength(delivery.body) > MAX_BODY_BYTES);
  return isTooLarge ? { kind: 'refuse', refusal: new ProtocolError('body_too_large') } : decision;
}

/**
 * Tells whether an addition would be the first statement without somebody who left. A server that has not heard of the
 * leave takes a rotation only, so the author converges, rotates and adds behind it.
 * @see docs/protocol.md [E2E-6]
 */
function passesOverLeave(body: ChangeBody, { leftInEpoch }: ConversationState): boolean {
  return body.action === 'add_participant' && isFullChange(body) && !leftInEpoch.every((userId) => body.allParticipants.includes(userId));
}

/** Who never was in a conversation does not learn that there is one. */
async function hideFromStrangers(refusal: ProtocolError, body: ChangeBody, conversations: Pick<ConversationStore, 'findFor'>): Promise<ProtocolError> {
  if (refusal.code !== 'not_a_member') return refusal;
  const known = await conversations.findFor(body.initiatorId, body.conversationId);
  return known === null ? new ProtocolError('unknown_conversation') : refusal;
}

async function refuseBlockedDomains(
  body: ChangeBody,
  options: { readonly localDomain: Domain; readonly policy: FederationPolicy },
): Promise<void> {
  // A rotation must stay possible, as it is how a member of a blocked domain is removed; and anybody may leave.
  if (body.action === 'rotate_key' || body.action === 'leave') return;
  const domains = new Set(body.allParticipants.map(domainOf));
  domains.delete(options.localDomain);
  for (const domain of domains) {
    if (await options.policy.isBlocked(domain)) throw new ProtocolError('domain_blocked');
  }
}

/** Drafts one request per remote server with a member before or after; a rotation also tells those that lost theirs. */
function draftDeliveries(body: ChangeBody, before: readonly UserId[], localDomain: Domain): readonly OutboxDraft[] {
  const isAddressedToFormer = body.action === 'rotate_key' || body.action === 'leave';
  const domains = new Set((isAddressedToFormer ? before : body.allParticipants).map(domainOf));
  domains.delete(localDomain);
  const request =
    body.action === 'rotate_key'
      ? ({ method: 'PUT', target: sessionKeyTarget(body.conversationId) } as const)
      : ({ method: 'POST', target: CONVERSATIONS_TARGET } as const);
  return [...domains].map((destination) => ({
    ...request,
    destination,
    senderId: body.initiatorId,
    body: JSON.stringify({
      ...body,
      // What is stored is what was before; a leaver's browser may know less, and has nothing to state of the members.
      ...(body.action === 'leave' ? { allParticipants: before, membership: undefined, membershipSignature: undefined } : {}),
      participantsToAdd: body.participantsToAdd.filter(({ userId }) => domainOf(userId) === destination),
    }),
    fullOnly: body.action === 'leave',
  }));
}
