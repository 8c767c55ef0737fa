import type { Domain } from '../../protocol/ids.ts';
import type { MessageStore } from '../domain/messages/message-store.ts';
import type { Database } from './database.ts';
import { createMessageCommit } from './message-commit.ts';
import type { MessageCommit } from './message-commit.ts';
import { findParticipation } from './participation.ts';
import { toStoredMessage } from './stored-message.ts';

/** Creates the store of messages on PostgreSQL, which stores what comes at the same moment in one transaction. */
export function createPostgresMessageStore({ prisma, sql }: Pick<Database, 'prisma' | 'sql'>): MessageStore {
  const commits = new Map<Domain, MessageCommit>();
  const commitOf = (localDomain: Domain): MessageCommit => {
    const commit = commits.get(localDomain) ?? createMessageCommit(sql, { localDomain });
    commits.set(localDomain, commit);
    return commit;
  };
  return {
    insert: (drafts, { localDomain, now, nonce }) => commitOf(localDomain)(drafts, { now, nonce }),
    async list(userId, conversationId, { after, before, limit }) {
      const participation = await findParticipation(prisma, userId, conversationId);
      if (participation === null) return null;
      const forward = after !== undefined;
      const from = maxOf(participation.joinedAfterPosition, BigInt(after ?? 0));
      const rows = await prisma.message.findMany({
        where: {
          conversationKey: participation.conversationKey,
          position: {
            gt: from,
            ...(participation.lastVisiblePosition === null ? {} : { lte: participation.lastVisiblePosition }),
            ...(before === undefined ? {} : { lt: BigInt(before) }),
          },
        },
        orderBy: { position: forward ? 'asc' : 'desc' },
        take: limit,
      });
      const messages = rows.map((row) => toStoredMessage(conversationId, row));
      return forward ? messages : messages.reverse();
    },
  };
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
