import type { ConversationId, UserId } from '../protocol/ids.ts';
import type { Timestamp } from '../protocol/timestamp.ts';
import { encodeLines } from './bytes.ts';
import { signToText, verifySignatureFast } from './text-signature.ts';

/** What somebody who leaves states: whom, out of which conversation, at which epoch, and when. */
export interface Leave {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly epoch: number;
  readonly timestamp: Timestamp;
}

/** Signs a leave as the one who leaves and gives the b64 `leaveSignature`. @see docs/protocol.md [E2E-6] */
export function signLeave(leave: Leave, signingSecretKey: Uint8Array): string {
  return signToText(signingSecretKey, leaveInput(leave));
}

/**
 * Verifies a `leaveSignature` under the key (b64) that the statement of the leave's epoch lists for the one who leaves.
 * @see docs/protocol.md [E2E-6]
 */
export async function verifyLeave(options: {
  readonly leave: Leave;
  readonly signature: string;
  readonly signingKey: string;
}): Promise<boolean> {
  const { leave, signature, signingKey } = options;
  return verifySignatureFast({ signingKey, message: leaveInput(leave), signature });
}

function leaveInput({ conversationId, userId, epoch, timestamp }: Leave): Uint8Array {
  return encodeLines('securechat-leave-v1', conversationId, userId, epoch, timestamp);
}
