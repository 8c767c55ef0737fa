import type { Logger } from 'pino';
import type { Config } from './config/read-config.ts';
import { createPrismaAccountStore } from './persistence/account-store.ts';
import { createPrismaAcknowledgementStore } from './persistence/acknowledgement-store.ts';
import { createPostgresAuthSessionStore } from './persistence/auth-session-store.ts';
import { createPrismaConversationStore } from './persistence/conversation-store.ts';
import { openDatabase } from './persistence/database.ts';
import type { Database } from './persistence/database.ts';
import { createPrismaInviteStore } from './persistence/invite-store.ts';
import { createPostgresMessageStore } from './persistence/message-store.ts';
import { createPostgresNonceStore } from './persistence/nonce-store.ts';
import { createPostgresOutboxStore } from './persistence/outbox-store.ts';
import { createPrismaOutgoingReceiptQueue } from './persistence/outgoing-receipt-queue.ts';
import { createPostgresPeerStore } from './persistence/peer-store.ts';
import { createPrismaPrivacyStore } from './persistence/privacy-store.ts';
import { createPrismaReceiptStore } from './persistence/receipt-store.ts';

const MAX_CONNECTIONS = 16;

/** Where an instance keeps what it knows, and the way to it. */
export interface Storage {
  readonly database: Database;
  readonly url: string;
  close(): Promise<void>;
}

/** Opens the database that the configuration names, or starts the embedded one. */
export async function openStorage(config: Config, logger: Logger): Promise<Storage> {
  if (config.DATABASE_URL !== null) {
    const database = openDatabase({ url: config.DATABASE_URL, logger, maxConnections: MAX_CONNECTIONS });
    return { database, url: config.DATABASE_URL, close: () => database.close() };
  }
  // Loaded only where it is used: a deployment with its own PostgreSQL does not carry the binaries.
  const { startEmbeddedPostgres } = await import('./persistence/embedded-postgres.ts');
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDirectory, logger });
  const database = openDatabase({ url: embedded.url, logger, maxConnections: MAX_CONNECTIONS });
  return {
    database,
    url: embedded.url,
    async close() {
      await database.close();
      await embedded.stop();
    },
  };
}

/** Every store of an instance. */
export type Stores = ReturnType<typeof createStores>;

/** Creates every store over one database. */
export function createStores(database: Database) {
  const { prisma } = database;
  return {
    accounts: createPrismaAccountStore(prisma),
    sessions: createPostgresAuthSessionStore(database),
    invites: createPrismaInviteStore(prisma),
    conversations: createPrismaConversationStore(prisma),
    messages: createPostgresMessageStore(database),
    nonces: createPostgresNonceStore(database),
    outbox: createPostgresOutboxStore(database),
    peers: createPostgresPeerStore(database),
    receipts: createPrismaReceiptStore(prisma),
    acknowledgements: createPrismaAcknowledgementStore(prisma),
    outgoingReceipts: createPrismaOutgoingReceiptQueue(prisma),
    privacy: createPrismaPrivacyStore(prisma),
  };
}
