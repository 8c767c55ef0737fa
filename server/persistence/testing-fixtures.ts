import { randomUUID } from 'node:crypto';
import { domainOf, parseConversationId, parseDomain, parseUserId } from '../../protocol/ids.ts';
import type { ConversationId, UserId } from '../../protocol/ids.ts';
import { canonicalizeJson } from '../../protocol/json.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import type { InsertMessageOutcome, MessageDraft, MessageStore } from '../domain/messages/message-store.ts';
import type { ChangeDecision, ChangeWrite, ConversationStore } from '../domain/ports.ts';
import { parseStoredMessageId } from './stored-id.ts';

/** People and instants that the tests of the stores share; a.test is the local domain. */
export const local = parseDomain('a.test');
export const alice = parseUserId('alice@a.test');
export const dave = parseUserId('dave@a.test');
export const bob = parseUserId('bob@b.test');
export const carol = parseUserId('carol@c.test');
export const start = new Date('2026-03-01T10:00:00.000Z');
const timestamp = parseTimestamp('2026-03-01T10:00:00.000Z');

/** Gives an instant some milliseconds after {@link start}. */
export function after(ms: number): Date {
  return new Date(start.getTime() + ms);
}

/** Makes the id of a new conversation. */
export function newConversationId(): ConversationId {
  return parseConversationId(`${randomUUID()}:a.test`);
}

/** Builds a change as the domain would decide it. */
export function changeWrite(write: Partial<ChangeWrite> & Pick<ChangeWrite, 'conversationId' | 'participantsAfter'>): ChangeWrite {
  return {
    ownerDomain: local, epoch: 1, action: 'create', initiatorId: alice, sessionKeys: [], membership: null, membershipSignature: null, leaveSignature: null,
    timestamp, contentHash: randomUUID(), deliveries: [], now: start, acceptedBy: [], ...write,
  };
}

/** Applies a change without judging it. */
export function applyChange(conversations: ConversationStore, write: ChangeWrite): Promise<ChangeDecision<never>> {
  return conversations.change<never>(
    { conversationId: write.conversationId, preferredOwner: write.ownerDomain, actor: write.initiatorId, contentHash: write.contentHash },
    () => ({ kind: 'apply', write }),
  );
}

/** Founds a conversation of these people and gives its id. */
export async function found(conversations: ConversationStore, ...participantsAfter: readonly UserId[]): Promise<ConversationId> {
  const conversationId = newConversationId();
  await applyChange(conversations, changeWrite({ conversationId, participantsAfter }));
  return conversationId;
}

/** Builds a message; its id is new unless given. */
export function messageDraft(conversationId: ConversationId, draft: Partial<MessageDraft> = {}): MessageDraft {
  const senderId = draft.senderId ?? alice;
  const payload = draft.payload ?? { nonce: 'bm9uY2U=', ciphertext: 'Y2lwaGVydGV4dA==', authTag: 'AAAAAAAAAAAAAAAAAAAAAA==', associatedData: { v: 1 } };
  return {
    conversationId, originDomain: domainOf(senderId), messageId: parseStoredMessageId(randomUUID()), senderId, payload,
    payloadText: canonicalizeJson(payload), timestamp, contentHash: randomUUID(), ...draft,
  };
}

/** Stores one message by itself, as the domain does. */
export async function insertMessage(messages: MessageStore, draft: MessageDraft, now: Date = start): Promise<InsertMessageOutcome> {
  const outcomes = await messages.insert([draft], { localDomain: local, now, nonce: null });
  const [outcome] = outcomes === 'replayed' ? [] : outcomes;
  if (outcome === undefined) throw new Error('There is no outcome.');
  return outcome;
}

/** Gives the position of a message that was stored or found again. */
export function positionOf(outcome: InsertMessageOutcome): number | null {
  return 'message' in outcome ? outcome.message.position : null;
}
