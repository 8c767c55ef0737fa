import type { Domain } from '../../protocol/ids.ts';
import { Prisma } from './generated/client.ts';
import type { PrismaClient } from './generated/client.ts';

/** How many deliveries are tried again: `queued` waited for their instant, `failed` had been given up. */
export interface QueueRetry {
  readonly queued: number;
  readonly failed: number;
}

/**
 * Makes everything that is queued for a domain due at `now` and forgets the back-off of the peer. With `failed`, what was
 * given up is queued again, messages and conversation changes alike, with a new schedule and seven new days.
 * @see docs/protocol.md [DEL-2]
 */
export async function retryQueue(prisma: PrismaClient, domain: Domain, { now, failed }: { now: Date; failed: boolean }): Promise<QueueRetry> {
  const at = Prisma.sql`${now}::timestamptz`;
  return prisma.$transaction(async (transaction) => {
    await transaction.$executeRaw`UPDATE peers SET next_attempt_at = NULL, consecutive_failures = 0 WHERE domain = ${domain}`;
    const queued = await transaction.$executeRaw`
      UPDATE outbox_items SET next_attempt_at = LEAST(next_attempt_at, ${at}) WHERE destination = ${domain} AND state = 'queued'`;
    if (!failed) return { queued, failed: 0 };
    const requeued = await transaction.$executeRaw`
      UPDATE outbox_items
      SET state = 'queued', attempts = 0, next_attempt_at = ${at}, created_at = ${at}, first_refused_at = NULL, last_error_code = NULL, settled_at = NULL
      WHERE destination = ${domain} AND state = 'failed'`;
    return { queued, failed: requeued };
  });
}
