import type { Domain } from '../../../protocol/ids.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { NONCE_MEMORY_SECONDS } from '../../../protocol/limits.ts';
import type { Clock, NonceStore } from '../../domain/ports.ts';

/** Lets each signed request in once. */
export interface ReplayGuard {
  /** Spends a nonce; throws {@link ProtocolError} `replay_detected`, or `unavailable` where nobody can tell. */
  spend(origin: Domain, nonce: string): Promise<void>;
}

/** Creates the guard over a store that outlives restarts and is shared by processes. @see docs/protocol.md [SIG-5] */
export function createReplayGuard({ nonces, clock }: { nonces: NonceStore; clock: Clock }): ReplayGuard {
  return {
    async spend(origin, nonce) {
      const expiresAt = new Date(clock.now().getTime() + NONCE_MEMORY_SECONDS * 1_000);
      const isFirstUse = await nonces.accept(origin, nonce, expiresAt).catch((cause: unknown) => {
        throw new ProtocolError('unavailable', { cause });
      });
      if (!isFirstUse) throw new ProtocolError('replay_detected');
    },
  };
}
