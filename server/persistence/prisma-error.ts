import { Prisma } from './generated/client.ts';

const UNIQUE_VIOLATION = '23505';

/** Tells whether a statement failed because a row of the same key is there already. */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  // P2002 is the typed client's code; for raw SQL it is P2010 around the adapter's error.
  return error.code === 'P2002' || (error.code === 'P2010' && JSON.stringify(error.meta ?? {}).includes(`"${UNIQUE_VIOLATION}"`));
}
