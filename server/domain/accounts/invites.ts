import type { UserId } from '../../../protocol/ids.ts';
import { sha256Base64 } from '../hashes.ts';
import type { Clock } from '../ports.ts';

/** Invitations are kept as hashes: reading the table lets nobody in. */
export interface InviteStore {
  insert(invite: { readonly hash: string; readonly createdAt: Date; readonly expiresAt: Date }): Promise<void>;
  /** Marks an invitation used by this user; false when it is unknown, used by another or expired. */
  spend(hash: string, userId: UserId, now: Date): Promise<boolean>;
}

const INVITE_BYTES = 16;
const INVITE_LIFETIME_MS = 7 * 86_400_000;

/** Hashes an invitation code for storing and comparing: base64 of SHA-256. */
export function hashInvite(code: string): string {
  return sha256Base64(`securechat-invite\n${code.trim()}`);
}

/** Makes an invitation that lets one person register within seven days; answers its code, which is shown once. */
export async function createInvite(options: {
  readonly invites: InviteStore;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
}): Promise<{ readonly code: string; readonly expiresAt: Date }> {
  const code = Buffer.from(options.randomBytes(INVITE_BYTES)).toString('base64url');
  const createdAt = options.clock.now();
  const expiresAt = new Date(createdAt.getTime() + INVITE_LIFETIME_MS);
  await options.invites.insert({ hash: hashInvite(code), createdAt, expiresAt });
  return { code, expiresAt };
}
