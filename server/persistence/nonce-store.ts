import type { RequestNonce } from '../domain/messages/message-store.ts';
import type { NonceStore } from '../domain/ports.ts';
import type { Database } from './database.ts';
import { createGroupCommit } from './group-commit.ts';
import { isOvertaken, isRefusal } from './sql.ts';
import type { Sql, Statement } from './sql.ts';

const MAX_ITEMS = 512;

/** In one order always, so that two of these wait for each other but never in a ring. */
const ACCEPT: Statement = {
  name: 'nonce_accept',
  text: `
    INSERT INTO accepted_nonces (key_id, nonce, expires_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS r(key_id, nonce, expires_at) ORDER BY key_id, nonce
    ON CONFLICT (key_id, nonce) DO NOTHING RETURNING key_id AS "keyId", nonce`,
};

/** Creates the store of accepted nonces on PostgreSQL, shared by all processes of the instance [SIG-5]. */
export function createPostgresNonceStore({ prisma, sql }: Pick<Database, 'prisma' | 'sql'>): NonceStore {
  return {
    accept: createGroupCommit<RequestNonce, boolean>({
      maxItems: MAX_ITEMS,
      sizeOf: () => 1,
      keysOf: (nonce) => [nameOf(nonce)],
      flush: async (nonces) => (await acceptAll(sql, nonces)).map((result) => ({ kind: 'done', result })),
      isTransient: isOvertaken,
      isRefusal,
    }),
    async deleteExpired(now) {
      const { count } = await prisma.acceptedNonce.deleteMany({ where: { expiresAt: { lte: now } } });
      return count;
    },
  };
}

/** Says of each whether it was new; of several of one name the first is. */
async function acceptAll(sql: Sql, nonces: readonly RequestNonce[]): Promise<readonly boolean[]> {
  const asked = new Map(nonces.map((nonce) => [nameOf(nonce), nonce]));
  const distinct = [...asked.values()];
  const rows = await sql.all<Pick<RequestNonce, 'keyId' | 'nonce'>>(ACCEPT, [
    distinct.map(({ keyId }) => keyId),
    distinct.map(({ nonce }) => nonce),
    distinct.map(({ expiresAt }) => expiresAt.toISOString()),
  ]);
  const fresh = new Set(rows.map(nameOf));
  return nonces.map((nonce) => fresh.delete(nameOf(nonce)));
}

function nameOf({ keyId, nonce }: Pick<RequestNonce, 'keyId' | 'nonce'>): string {
  return `${keyId} ${nonce}`;
}
