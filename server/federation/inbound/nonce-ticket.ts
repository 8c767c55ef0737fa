import { ProtocolError } from '../../../protocol/errors.ts';
import { NONCE_MEMORY_SECONDS } from '../../../protocol/limits.ts';
import type { FederationSignature } from '../../../protocol/signature-header.ts';
import type { NonceTicket } from '../../domain/messages/accept-messages.ts';
import type { RequestNonce } from '../../domain/messages/message-store.ts';
import type { Clock, NonceStore } from '../../domain/ports.ts';

/** The nonce of an authentic request: it lets the request in once, and is stored before anything is answered. */
export interface SpendableNonce extends NonceTicket {
  /** Stores the nonce by itself where no write has; throws {@link ProtocolError} `replay_detected`, or `unavailable` where nobody can tell. */
  spend(): Promise<void>;
  isSpent(): boolean;
}

/**
 * Creates the ticket of one request over a store that outlives restarts and is shared by processes. Whoever writes
 * first stores the nonce in the same transaction, so that a request costs one commit and a repeat stores nothing.
 * @see docs/protocol.md [SIG-5]
 */
export function createNonceTicket(
  { keyId, nonce }: Pick<FederationSignature, 'keyId' | 'nonce'>,
  { nonces, clock }: { readonly nonces: NonceStore; readonly clock: Clock },
): SpendableNonce {
  const record: RequestNonce = { keyId, nonce, expiresAt: new Date(clock.now().getTime() + NONCE_MEMORY_SECONDS * 1_000) };
  let isSpent = false;
  const accept = async (): Promise<true | 'replayed'> => {
    const isFirstUse = await nonces.accept(record).catch((cause: unknown) => {
      throw new ProtocolError('unavailable', { cause });
    });
    return isFirstUse ? true : 'replayed';
  };
  // A write that broke off may have been committed: then the nonce is there by this very request.
  let isUncertain = false;
  const spendWith: NonceTicket['spendWith'] = async (write) => {
    const result = await write(isSpent ? null : record).catch((error: unknown) => {
      isUncertain = true;
      throw error;
    });
    if (result === 'replayed') throw new ProtocolError(isUncertain ? 'unavailable' : 'replay_detected');
    isSpent = true;
    return result;
  };
  return {
    spendWith,
    isSpent: () => isSpent,
    async spend() {
      if (!isSpent) await spendWith(accept);
    },
  };
}
