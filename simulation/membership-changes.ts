import { encodeBase64 } from '../protocol/base64.ts';
import { domainOf, parseConversationId } from '../protocol/ids.ts';
import type { ConversationId, UserId } from '../protocol/ids.ts';
import { parseTimestamp } from '../protocol/timestamp.ts';
import type { Timestamp } from '../protocol/timestamp.ts';
import type { CallOutcome, Client } from './client.ts';
import { memberKey } from './record.ts';
import type { SendRecord } from './record.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Trail } from './trail.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A change as a browser states it. */
interface Change {
  readonly conversationId: ConversationId;
  readonly action: 'create' | 'add_participant' | 'rotate_key' | 'leave';
  readonly epoch: number;
  readonly participantsToAdd: { readonly userId: UserId; readonly encryptedSessionKey: string }[];
  readonly allParticipants: UserId[];
  readonly timestamp: Timestamp;
  readonly leaveSignature?: string;
}

/** A conversation of the run; its owner is the first of its founders. */
export interface PlannedConversation {
  readonly conversationId: ConversationId;
  readonly founders: readonly UserId[];
  /** Whether its members change during the run. */
  readonly isMoving: boolean;
}

/** What changes of members need. */
export interface ChangingOptions {
  readonly time: VirtualTime;
  readonly record: SendRecord;
  readonly trail: Trail;
  readonly clientOf: (userId: UserId) => Client;
}

const LEAVE_SIGNATURE = encodeBase64(new Uint8Array(64).fill(5));
const MOST_CALLS = 40;
const PAUSE_MS = 1_000;
const MOST_READINGS = 6;

/** Makes the id of a conversation of an owner. */
export function newConversationId(owner: UserId, random: SeededRandom): ConversationId {
  const bytes = Uint8Array.from({ length: 16 }, () => random.between(0, 255));
  return parseConversationId(`${Buffer.from(bytes).toString('base64url')}:${domainOf(owner)}`);
}

/** Founds a conversation and does not rest before it stands. */
export async function found(conversation: PlannedConversation, options: ChangingOptions): Promise<void> {
  const { conversationId, founders } = conversation;
  const owner = options.clientOf(ownerOf(conversation));
  const outcome = await insist(owner, changeOf(owner, { conversationId, action: 'create', epoch: 1, all: founders }), options);
  if (outcome.kind !== 'answer') throw new Error(`A conversation could not be founded: ${JSON.stringify(outcome)}`);
}

/** Gives who founded a conversation and owns it. */
export function ownerOf({ founders }: PlannedConversation): UserId {
  const [owner] = founders;
  if (owner === undefined) throw new RangeError('a conversation has founders');
  return owner;
}

/** Lets somebody change who is in a conversation, or its key, or leave it. */
export async function changeMembers(conversation: PlannedConversation, everybody: readonly UserId[], options: ChangingOptions & { readonly random: SeededRandom }): Promise<void> {
  const { random } = options;
  const owner = ownerOf(conversation);
  const kind = random.pick(['add', 'remove', 'rotate', 'leave'] as const);
  if (kind === 'leave') return leave(conversation, random.pick(everybody.filter((userId) => userId !== owner)), options);
  await changeAsOwner(conversation, options, (present) => {
    const absent = everybody.filter((userId) => !present.includes(userId));
    const others = present.filter((userId) => userId !== owner);
    if (kind === 'add' && absent.length > 0) return { action: 'add_participant', all: [...present, random.pick(absent)] };
    if (kind === 'remove' && others.length > 1) {
      const removed = random.pick(others);
      return { action: 'rotate_key', all: present.filter((userId) => userId !== removed) };
    }
    return { action: 'rotate_key', all: present };
  });
}

/** Makes the owner's next statement, as a client does after somebody left [E2E-6]. */
export async function rotate(conversation: PlannedConversation, options: ChangingOptions): Promise<void> {
  await changeAsOwner(conversation, options, (present) => ({ action: 'rotate_key', all: present }));
}

type Intent = (present: readonly UserId[]) => { readonly action: 'add_participant' | 'rotate_key'; readonly all: readonly UserId[] };

async function changeAsOwner(conversation: PlannedConversation, options: ChangingOptions, intent: Intent): Promise<void> {
  const owner = options.clientOf(ownerOf(conversation));
  const { conversationId } = conversation;
  let isPut = false;
  let mustRotate = false;
  for (let reading = 0; reading < MOST_READINGS && !isPut; reading += 1) {
    const seen = await readSummary(owner, conversationId, options);
    if (seen === null) return;
    // Somebody may have left: an addition goes out behind the rotation that honours it [E2E-6].
    const { action, all }: ReturnType<Intent> = mustRotate ? { action: 'rotate_key', all: seen.participants } : intent(seen.participants);
    note(conversationId, new Set(seen.participants).symmetricDifference(new Set(all)), options);
    const change = changeOf(owner, { conversationId, action, epoch: seen.epoch + 1, all });
    const outcome = await insist(owner, change, options);
    const isStale = outcome.kind === 'refused' && outcome.code === 'stale_epoch';
    isPut = !isStale && !mustRotate;
    if (!isStale && outcome.kind !== 'answer') return;
    mustRotate = isStale && (mustRotate || action === 'add_participant');
  }
}

async function leave({ conversationId }: PlannedConversation, userId: UserId, options: ChangingOptions): Promise<void> {
  const client = options.clientOf(userId);
  const seen = await readSummary(client, conversationId, options);
  if (seen === null || !seen.participants.includes(userId)) return;
  note(conversationId, [userId], options);
  const change = changeOf(client, { conversationId, action: 'leave', epoch: seen.epoch, all: seen.participants });
  await insist(client, { ...change, participantsToAdd: [], leaveSignature: LEAVE_SIGNATURE }, options);
}

/** Everybody who comes or goes is written down before, as the change may be stored and not be heard of. */
function note(conversationId: ConversationId, moved: Iterable<UserId>, { record }: ChangingOptions): void {
  for (const userId of moved) record.moved.add(memberKey(conversationId, userId));
}

async function readSummary(client: Client, conversationId: ConversationId, { time }: ChangingOptions) {
  for (let call = 0; call < MOST_CALLS; call += 1) {
    const outcome = await client.call((procedures) => procedures.conversations.get({ conversationId }));
    if (outcome.kind === 'answer') return outcome.value.summary;
    if (outcome.kind === 'refused') return null;
    await time.sleep(PAUSE_MS);
  }
  return null;
}

/** Makes the same change until it is answered; a repeat of what was stored is a success [API-6]. */
async function insist(client: Client, change: Change, { time, trail }: ChangingOptions): Promise<CallOutcome<unknown>> {
  let outcome: CallOutcome<unknown> = { kind: 'unknown', why: 'not asked' };
  for (let call = 0; call < MOST_CALLS && outcome.kind === 'unknown'; call += 1) {
    if (call > 0) await time.sleep(PAUSE_MS);
    outcome = await client.call((procedures) => procedures.conversations.change(change));
  }
  const result = outcome.kind === 'answer' ? 'stored' : outcome.kind === 'refused' ? outcome.code : outcome.why;
  trail.note(`${client.userId} ${change.action} epoch ${change.epoch} of ${change.conversationId.slice(0, 6)}: ${change.allParticipants.join(' ')}: ${result}`);
  return outcome;
}

function changeOf(client: Client, change: { conversationId: ConversationId; action: Change['action']; epoch: number; all: readonly UserId[] }): Change {
  const { conversationId, action, epoch, all } = change;
  return {
    conversationId, action, epoch,
    participantsToAdd: all.map((userId) => ({ userId, encryptedSessionKey: encodeBase64(new TextEncoder().encode(`key ${epoch} for ${userId}`)) })),
    allParticipants: [...all],
    timestamp: parseTimestamp(client.host.clock.now().toISOString()),
  };
}
