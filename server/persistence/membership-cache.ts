import { domainOf } from '../../protocol/ids.ts';
import type { ConversationId, Domain, UserId } from '../../protocol/ids.ts';
import type { Sql, Statement } from './sql.ts';
import { parseStoredUserId } from './stored-id.ts';

/** A conversation with its present members as they were at one revision; who writes with it checks that revision under the row's lock. */
export interface Membership {
  readonly key: bigint;
  readonly revision: number;
  readonly members: readonly UserId[];
  readonly localMembers: readonly UserId[];
  /** Those with a member, sorted. */
  readonly remoteDomains: readonly Domain[];
}

/** Remembers who is in which conversation: a hint that spares PostgreSQL to send up to 256 names for each message. */
export interface MembershipCache {
  /** Gives the conversations of an id in order of age, as last read; undefined where that is not known. */
  recall(id: ConversationId): readonly Membership[] | undefined;
  /** Reads these conversations at one instant, and remembers them; of an id that nobody uses there are none. */
  read(ids: readonly ConversationId[]): Promise<ReadonlyMap<ConversationId, readonly Membership[]>>;
  forget(id: ConversationId): void;
}

const MAX_CONVERSATIONS = 10_000;
/** About 20 MB of names. */
const MAX_MEMBERS = 250_000;

/** Both lookups are by index for each id alone, however the planner reckons. */
const READ: Statement = {
  name: 'membership_read',
  text: `
    SELECT wanted.id, c.key, c.revision, p.members
    FROM unnest($1::text[]) AS wanted(id)
    CROSS JOIN LATERAL (SELECT key, revision FROM conversations WHERE id = wanted.id ORDER BY key LIMIT 1000) c
    CROSS JOIN LATERAL (
      SELECT COALESCE(array_agg(user_id ORDER BY user_id), '{}') AS members
      FROM participants WHERE conversation_key = c.key AND removed_at_epoch IS NULL) p
    ORDER BY c.key`,
};

interface MembershipRow {
  readonly id: ConversationId;
  readonly key: bigint;
  readonly revision: number;
  readonly members: readonly string[];
}

/** Creates an empty cache; what was not used for longest goes first. */
export function createMembershipCache(sql: Sql, { localDomain }: { readonly localDomain: Domain }): MembershipCache {
  const known = new Map<ConversationId, readonly Membership[]>();
  let memberCount = 0;
  const forget = (id: ConversationId): void => {
    memberCount -= countMembers(known.get(id) ?? []);
    known.delete(id);
  };
  const remember = (id: ConversationId, conversations: readonly Membership[]): void => {
    forget(id);
    known.set(id, conversations);
    memberCount += countMembers(conversations);
    for (const oldest of known.keys()) {
      if (known.size <= MAX_CONVERSATIONS && memberCount <= MAX_MEMBERS) break;
      forget(oldest);
    }
  };
  return {
    forget,
    recall(id) {
      const conversations = known.get(id);
      if (conversations === undefined) return undefined;
      known.delete(id);
      known.set(id, conversations);
      return conversations;
    },
    async read(ids) {
      const rows = await sql.all<MembershipRow>(READ, [ids]);
      const found = new Map<ConversationId, Membership[]>(ids.map((id) => [id, []]));
      for (const row of rows) found.get(row.id)?.push(toMembership(row, localDomain));
      for (const [id, conversations] of found) {
        // Nothing is remembered of an id that nobody uses yet: strangers may name as many as they like.
        if (conversations.length > 0) remember(id, conversations);
        else forget(id);
      }
      return found;
    },
  };
}

function toMembership({ key, revision, members: texts }: MembershipRow, localDomain: Domain): Membership {
  const members = texts.map(parseStoredUserId);
  const remoteDomains = new Set(members.map(domainOf));
  remoteDomains.delete(localDomain);
  return { key, revision, members, localMembers: members.filter((member) => domainOf(member) === localDomain), remoteDomains: [...remoteDomains].sort() };
}

function countMembers(conversations: readonly Membership[]): number {
  return conversations.reduce((total, { members }) => total + members.length, 0);
}
