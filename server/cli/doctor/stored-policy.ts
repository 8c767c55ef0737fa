import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../../protocol/ids.ts';
import type { PeerPolicy } from '../../domain/ports.ts';
import { createPostgresPeerStore } from '../../persistence/peer-store.ts';
import { withDatabase } from '../with-database.ts';

/** How long a walk waits for the database. */
const ANSWER_MS = 3_000;

/** Looks up what the operator said of a domain with `peers block` and `peers allow`; null where the database does not tell, for whatever reason. */
export function findStoredPolicy(domain: Domain): Promise<PeerPolicy | null> {
  const looked = withDatabase(async (database) => (await createPostgresPeerStore(database).find(domain))?.policy ?? 'default').catch(() => null);
  return Promise.race([looked, pause(ANSWER_MS, null, { ref: false })]);
}
