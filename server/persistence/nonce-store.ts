import type { NonceStore } from '../domain/ports.ts';
import type { PrismaClient } from './generated/client.ts';

/** Creates the store of accepted nonces on PostgreSQL, shared by all processes of the instance [SIG-5]. */
export function createPrismaNonceStore(prisma: PrismaClient): NonceStore {
  return {
    async accept(keyId, nonce, expiresAt) {
      const inserted = await prisma.$executeRaw`
        INSERT INTO accepted_nonces (key_id, nonce, expires_at) VALUES (${keyId}, ${nonce}, ${expiresAt}::timestamptz)
        ON CONFLICT (key_id, nonce) DO NOTHING`;
      return inserted === 1;
    },
    async deleteExpired(now) {
      const { count } = await prisma.acceptedNonce.deleteMany({ where: { expiresAt: { lte: now } } });
      return count;
    },
  };
}
