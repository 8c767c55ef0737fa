import { domainOf } from '../../protocol/ids.ts';
import type { ConversationId, Domain } from '../../protocol/ids.ts';
import type { InsertMessageOutcome, MessageDraft, RequestNonce } from '../domain/messages/message-store.ts';
import { createGroupCommit } from './group-commit.ts';
import type { Flushed } from './group-commit.ts';
import { createMembershipCache } from './membership-cache.ts';
import type { Membership, MembershipCache } from './membership-cache.ts';
import { insertMessages } from './message-insert.ts';
import type { MessageRow, PlacedRow } from './message-insert.ts';
import { isOvertaken, isRefusal } from './sql.ts';
import type { Sql } from './sql.ts';

/** Messages that came together, as far as they have got. */
interface Submission {
  readonly drafts: readonly MessageDraft[];
  /** One for each draft; null while it is not known. */
  readonly outcomes: readonly (InsertMessageOutcome | null)[];
  readonly now: Date;
  /** Null once it is spent. */
  readonly nonce: RequestNonce | null;
  readonly turn: number;
}

type Result = readonly InsertMessageOutcome[] | 'replayed';

/** Stores messages together with those of others; gives one outcome for each. */
export type MessageCommit = (drafts: readonly MessageDraft[], at: { readonly now: Date; readonly nonce: RequestNonce | null }) => Promise<Result>;

const MAX_ITEMS = 512;
/** Each turn is lost only to another commit: a change of membership, or the same message. */
const MAX_TURNS = 50;

/**
 * Creates the group commit of messages. Who may write, and where it goes, is taken from memory and holds only if the
 * conversation is still at the revision it was read at once its row is locked; otherwise it is read again.
 */
export function createMessageCommit(sql: Sql, { localDomain }: { readonly localDomain: Domain }): MessageCommit {
  const memberships = createMembershipCache(sql, { localDomain });
  const commit = createGroupCommit<Submission, Result>({
    maxItems: MAX_ITEMS,
    sizeOf: ({ drafts }) => Math.max(drafts.length, 1),
    keysOf: ({ drafts }) => [...new Set(drafts.map(({ conversationId }) => conversationId))],
    flush: (submissions) => flush(submissions, { sql, memberships, localDomain }),
    isTransient: isOvertaken,
    isRefusal,
  });
  return (drafts, { now, nonce }) =>
    drafts.length === 0 && nonce === null ? Promise.resolve([]) : commit({ drafts, outcomes: drafts.map(() => null), now, nonce, turn: 1 });
}

interface Ground {
  readonly sql: Sql;
  readonly memberships: MembershipCache;
  readonly localDomain: Domain;
}

/** One draft that this flush is to store. */
interface Candidate {
  readonly draft: MessageDraft;
  readonly now: Date;
  readonly nonce: number | null;
  readonly standing: Standing;
}

async function flush(submissions: readonly Submission[], ground: Ground): Promise<readonly Flushed<Submission, Result>[]> {
  const nonces = placeNonces(submissions);
  const { candidates, places } = pickCandidates(submissions, nonces.places, await judgeAll(submissions, ground));
  const { placed, opened } = await insertMessages(ground.sql, candidates.map((candidate) => toRow(candidate, ground)), nonces.asked);
  return submissions.map((submission, index) => {
    const nonce = nonces.places[index] ?? null;
    if (nonce === 'repeated' || (nonce !== null && !opened.has(nonce))) return { kind: 'done', result: 'replayed' };
    const outcomes = submission.outcomes.map((known, draftIndex) => {
      const place = places[index]?.[draftIndex] ?? null;
      const candidate = place === null ? undefined : candidates[place];
      return place === null || candidate === undefined ? known : outcomeOf(candidate, placed.get(place), ground);
    });
    return advance(submission, outcomes);
  });
}

/** Picks what this flush is to store, and of each draft the place among that; one flush asks once for a name, so a second draft of it waits for the next turn. */
function pickCandidates(
  submissions: readonly Submission[],
  nonces: readonly (number | 'repeated' | null)[],
  standingOf: (draft: MessageDraft) => Standing,
): { readonly candidates: readonly Candidate[]; readonly places: readonly (readonly (number | null)[])[] } {
  const candidates: Candidate[] = [];
  const names = new Set<string>();
  const places = submissions.map(({ drafts, outcomes, now }, index) => {
    const nonce = nonces[index] ?? null;
    return drafts.map((draft, place) => {
      const name = `${draft.originDomain} ${draft.messageId}`;
      if (nonce === 'repeated' || outcomes[place] !== null || names.has(name)) return null;
      names.add(name);
      return candidates.push({ draft, now, nonce, standing: standingOf(draft) }) - 1;
    });
  });
  return { candidates, places };
}

/** The nonces to ask for, and of each submission the place of its own; the second use of one in a flush is a repeat. */
function placeNonces(submissions: readonly Submission[]): { readonly asked: readonly RequestNonce[]; readonly places: readonly (number | 'repeated' | null)[] } {
  const asked = new Map<string, RequestNonce>();
  const places = submissions.map(({ nonce }) => {
    if (nonce === null) return null;
    const name = `${nonce.keyId} ${nonce.nonce}`;
    if (asked.has(name)) return 'repeated';
    asked.set(name, nonce);
    return asked.size - 1;
  });
  return { asked: [...asked.values()], places };
}

function advance(submission: Submission, outcomes: readonly (InsertMessageOutcome | null)[]): Flushed<Submission, Result> {
  const settled = outcomes.filter((outcome) => outcome !== null);
  if (settled.length === outcomes.length) return { kind: 'done', result: settled };
  if (submission.turn < MAX_TURNS) return { kind: 'again', submission: { ...submission, outcomes, nonce: null, turn: submission.turn + 1 } };
  return { kind: 'failed', error: new Error('A message could not be stored: its conversation changed all the time.') };
}

/** What a draft may do: be stored in a conversation, or only be recognised as one that is stored already [ERR-3]. */
type Standing =
  | { readonly kind: 'member'; readonly membership: Membership }
  | { readonly kind: 'unknown_conversation' | 'not_a_member' };

/**
 * Looks up what is in memory and reads all the rest at once: a refusal is never pronounced on what is merely remembered.
 * For all drafts of a conversation one state of it counts.
 */
async function judgeAll(submissions: readonly Submission[], { memberships, localDomain }: Ground): Promise<(draft: MessageDraft) => Standing> {
  const conversations = new Map<ConversationId, readonly Membership[]>();
  const unsure = new Set<ConversationId>();
  for (const { drafts, outcomes } of submissions) {
    for (const [place, draft] of drafts.entries()) {
      const id = draft.conversationId;
      if (outcomes[place] !== null || unsure.has(id)) continue;
      const remembered = conversations.get(id) ?? memberships.recall(id) ?? [];
      conversations.set(id, remembered);
      if (judge(draft, remembered, localDomain).kind !== 'member') unsure.add(id);
    }
  }
  if (unsure.size > 0) for (const [id, found] of await memberships.read([...unsure])) conversations.set(id, found);
  return (draft) => judge(draft, conversations.get(draft.conversationId) ?? [], localDomain);
}

/** Of several conversations of one id the one with the sender in it is meant [ID-3]. */
function judge(draft: MessageDraft, conversations: readonly Membership[], localDomain: Domain): Standing {
  const own = conversations.find(({ members }) => members.includes(draft.senderId));
  const meant = own ?? conversations[0];
  const isInbound = domainOf(draft.senderId) !== localDomain;
  // To a peer, a conversation that nobody here is in any more is unknown.
  if (meant === undefined || (isInbound && meant.localMembers.length === 0)) return { kind: 'unknown_conversation' };
  return own === undefined ? { kind: 'not_a_member' } : { kind: 'member', membership: own };
}

function toRow({ draft, now, nonce, standing }: Candidate, { localDomain }: Ground): MessageRow {
  const { originDomain, messageId, senderId, payloadText, timestamp, contentHash } = draft;
  const membership = standing.kind === 'member' ? standing.membership : null;
  const destinations = membership !== null && domainOf(senderId) === localDomain ? membership.remoteDomains : [];
  return {
    originDomain, messageId, senderId, timestamp, contentHash, destinations, nonce,
    conversation: membership,
    payload: membership === null ? '' : payloadText,
    receivedAt: now,
  };
}

/** Null where the conversation was overtaken: then it is read again. */
function outcomeOf({ draft, now, standing }: Candidate, placed: PlacedRow | undefined, { memberships }: Ground): InsertMessageOutcome | null {
  if (placed !== undefined && placed.known !== null && placed.known.contentHash !== draft.contentHash) return { kind: 'conflict' };
  if (placed !== undefined && placed.known !== null) return { kind: 'duplicate', message: toStored(draft, placed.position, placed.known.receivedAt) };
  if (standing.kind !== 'member') return { kind: standing.kind };
  if (placed === undefined) {
    memberships.forget(draft.conversationId);
    return null;
  }
  const { localMembers, remoteDomains } = standing.membership;
  return { kind: 'stored', message: toStored(draft, placed.position, now), localMembers, remoteDomains };
}

/** The content of a repeat is that of the message itself: the hash over it is the same. */
function toStored({ conversationId, messageId, senderId, payload, timestamp }: MessageDraft, position: number, receivedAt: Date) {
  return { conversationId, messageId, senderId, payload, timestamp, position, receivedAt };
}
