import type { UserId } from '../../protocol/ids.ts';

/** Whose connection it is, and under which session. */
export interface SignedIn {
  readonly userId: UserId;
  readonly sessionId: string;
}

/** A connection outlives its first request, so its session is looked at again this often. */
export const RECHECK_MS = 60_000;
