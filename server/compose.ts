import { randomBytes } from 'node:crypto';
import type { NextAuthOptions } from 'next-auth';
import type { Logger } from 'pino';
import { createAuthOptions } from './auth/auth-options.ts';
import { readSessionId, sessionCookies } from './auth/session-cookie.ts';
import { ensureAuthSecret } from './config/auth-secret.ts';
import { composePeers } from './compose-peers.ts';
import type { Config } from './config/read-config.ts';
import { createAccounts } from './domain/accounts/accounts.ts';
import { createAuthSessions } from './domain/accounts/auth-sessions.ts';
import { createContactLookup } from './domain/contacts/lookup-contact.ts';
import { createChangeAcceptor } from './domain/conversations/accept-change.ts';
import { createConversationChanger } from './domain/conversations/change-conversation.ts';
import { createMessageAcceptor } from './domain/messages/accept-message.ts';
import { createMessageSender } from './domain/messages/send-message.ts';
import { createDeliveryRetry } from './domain/outbox/retry-delivery.ts';
import type { Clock } from './domain/ports.ts';
import { createRateLimit } from './domain/rate-limit.ts';
import { createEventAcceptor } from './domain/receipts/accept-events.ts';
import { createFederationHandler } from './federation/inbound/handler.ts';
import { nonceSweepLimit } from './federation/inbound/nonce-sweep.ts';
import type { DeliveryWorker } from './federation/outbound/delivery-worker.ts';
import type { FederationHandlers } from './http/federation-mount.ts';
import { createSourceAddress, PLATFORM_SOURCE_HEADER, SOURCE_ADDRESS_HEADER } from './http/source-address.ts';
import type { SourceAddress } from './http/source-address.ts';
import { createPrismaAccountStore } from './persistence/account-store.ts';
import { createPrismaAuthSessionStore } from './persistence/auth-session-store.ts';
import { createPrismaConversationStore } from './persistence/conversation-store.ts';
import { openDatabase } from './persistence/database.ts';
import type { Database } from './persistence/database.ts';
import { createPrismaInviteStore } from './persistence/invite-store.ts';
import { createPrismaMessageStore } from './persistence/message-store.ts';
import { applyMigrations } from './persistence/migrate.ts';
import { createPrismaNonceStore } from './persistence/nonce-store.ts';
import { createPrismaOutboxStore } from './persistence/outbox-store.ts';
import { createPrismaPeerStore } from './persistence/peer-store.ts';
import { createPrismaReceiptStore } from './persistence/receipt-store.ts';
import { createRealtime } from './realtime/socket-server.ts';
import type { Realtime } from './realtime/socket-server.ts';
import type { TrpcContext, TrpcServices } from './trpc/context.ts';

/** A composed instance: its handlers, ready to be mounted, and its life. */
export interface Instance {
  readonly config: Config;
  readonly logger: Logger;
  readonly federation: FederationHandlers;
  readonly authOptions: NextAuthOptions;
  readonly realtime: Realtime;
  readonly sourceAddress: SourceAddress;
  /** The header in which routes of Next find where a request comes from. */
  readonly sourceHeader: string;
  createTrpcContext(request: { cookieHeader: string; sourceAddress: string; fromClient: boolean }): Promise<TrpcContext>;
  /** Says what keeps the instance from serving, null when nothing does. */
  findFault(): Promise<string | null>;
  /** Sends all that is due now; for platforms without a resident process [DEL-5]. */
  drainOnce: DeliveryWorker['drainOnce'];
  /** Begins the work of a resident process: deliveries and housekeeping. */
  startWorking(): void;
  /** Finishes or releases what is under way and closes the database. */
  stop(): Promise<void>;
}

export interface ComposeOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Whether every request comes through our own listener, which states its source; else the platform does. */
  readonly behindListener: boolean;
  /** The folder prisma/migrations, which is elsewhere in each form of deployment. */
  readonly migrationsDirectory: string;
}

const MAX_CONNECTIONS = 16;
const HOUSEKEEPING_MS = 60_000;
const SIGNUPS_PER_HOUR = 100;
const SIGN_INS_PER_MINUTE = 10;

const clock: Clock = { now: () => new Date() };

/** Puts an instance together from its configuration: the one place that sees every part. */
export async function compose(options: ComposeOptions): Promise<Instance> {
  const { config, logger, migrationsDirectory } = options;
  const storage = await openStorage(config, logger);
  try {
    await applyMigrations({ pool: storage.database.pool, directory: migrationsDirectory, logger });
    return await composeOver(storage, options);
  } catch (error) {
    await storage.close();
    throw error;
  }
}

interface Storage {
  readonly database: Database;
  close(): Promise<void>;
}

async function openStorage(config: Config, logger: Logger): Promise<Storage> {
  if (config.DATABASE_URL !== null) {
    const database = openDatabase({ url: config.DATABASE_URL, logger, maxConnections: MAX_CONNECTIONS });
    return { database, close: () => database.close() };
  }
  // Loaded only where it is used: a deployment with its own PostgreSQL does not carry the binaries.
  const { startEmbeddedPostgres } = await import('./persistence/embedded-postgres.ts');
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDirectory, logger });
  const database = openDatabase({ url: embedded.url, logger, maxConnections: MAX_CONNECTIONS });
  return {
    database,
    async close() {
      await database.close();
      await embedded.stop();
    },
  };
}

function createStores({ prisma }: Database) {
  return {
    accounts: createPrismaAccountStore(prisma),
    sessions: createPrismaAuthSessionStore(prisma),
    invites: createPrismaInviteStore(prisma),
    conversations: createPrismaConversationStore(prisma),
    messages: createPrismaMessageStore(prisma),
    nonces: createPrismaNonceStore(prisma),
    outbox: createPrismaOutboxStore(prisma),
    peers: createPrismaPeerStore(prisma),
    receipts: createPrismaReceiptStore(prisma),
  };
}

async function composeOver(storage: Storage, { config, logger, behindListener }: ComposeOptions): Promise<Instance> {
  const { domain: localDomain } = config;
  const sourceHeader = behindListener ? SOURCE_ADDRESS_HEADER : PLATFORM_SOURCE_HEADER;
  const stores = createStores(storage.database);
  const secret = config.AUTH_SECRET ?? (await ensureAuthSecret(config.dataDirectory));
  const cookies = sessionCookies(localDomain, config.publicUrl);
  const accounts = createAccounts({
    store: stores.accounts,
    invites: stores.invites,
    localDomain,
    signup: config.SECURECHAT_SIGNUP,
    decoySecret: secret,
    clock,
    randomBytes,
    signupLimit: createRateLimit({ perSecond: SIGNUPS_PER_HOUR / 3600, burst: SIGNUPS_PER_HOUR, clock }),
    signInLimit: createRateLimit({ perSecond: SIGN_INS_PER_MINUTE / 60, burst: SIGN_INS_PER_MINUTE, clock }),
  });
  const sessions = createAuthSessions({
    store: stores.sessions,
    clock,
    randomBytes,
    onRevoked: (sessionId) => realtime.disconnectSession(sessionId),
  });
  const findSession = async (cookieHeader: string) => {
    const sessionId = await readSessionId(cookieHeader, { cookies, secret });
    const session = sessionId === null ? null : await sessions.check(sessionId);
    return session === null ? null : { userId: session.userId, sessionId: session.id };
  };
  const realtime = createRealtime({ authenticate: findSession, allowedOrigin: config.publicUrl.origin, logger });
  const peers = await composePeers({ config, logger, stores, notifier: realtime, clock });
  const verbs = { localDomain, ...stores, policy: peers.policy, notifier: realtime, waker: peers.worker, clock };
  const services: TrpcServices = {
    domain: localDomain,
    signup: config.SECURECHAT_SIGNUP,
    accounts,
    sessions,
    lookupContact: createContactLookup({ localDomain, accounts, policy: peers.policy, fetchRemoteIdentity: peers.fetchRemoteIdentity }),
    changeConversation: createConversationChanger(verbs),
    conversations: stores.conversations,
    sendMessage: createMessageSender(verbs),
    messages: stores.messages,
    deliveryStates: stores.outbox.deliveryStates,
    retryDelivery: createDeliveryRetry(verbs),
    now: clock.now,
  };
  const housekeeping = createHousekeeping(stores.nonces, logger);
  return {
    config,
    logger,
    federation: {
      keyDocument: peers.keyDocument,
      handle: createFederationHandler({
        ...peers.inbound,
        servedDomains: new Set([localDomain]),
        verbs: {
          findPublicIdentity: accounts.publicIdentity,
          acceptMessage: createMessageAcceptor(verbs),
          acceptChange: createChangeAcceptor(verbs),
          acceptEvents: createEventAcceptor(verbs),
        },
        isBlocked: peers.policy.isBlocked,
        rateLimits: federationRates(config),
        nonces: stores.nonces,
        peers: stores.peers,
        waker: peers.worker,
        clock,
        randomBytes,
        logger,
      }),
    },
    authOptions: createAuthOptions({ accounts, sessions, secret, cookies, sourceHeader }),
    sourceHeader,
    realtime,
    sourceAddress: createSourceAddress(config.SECURECHAT_TRUSTED_PROXIES),
    async createTrpcContext({ cookieHeader, sourceAddress, fromClient }) {
      return { services, signedIn: await findSession(cookieHeader), sourceAddress, fromClient };
    },
    findFault: () => findDatabaseFault(storage.database),
    drainOnce: peers.worker.drainOnce,
    startWorking() {
      peers.worker.start();
      void peers.hello.sayHello();
      housekeeping.start();
    },
    async stop() {
      housekeeping.stop();
      peers.hello.stop();
      await peers.worker.stop();
      await realtime.close();
      await storage.close();
    },
  };
}

/** The rates that others may ask at, as the operator sets them. @see docs/protocol.md [API-10] */
function federationRates({ SECURECHAT_REQUESTS_PER_SECOND: requestsPerSecond, SECURECHAT_KEY_FETCHES_PER_MINUTE: keyFetchesPerMinute }: Config) {
  return { requestsPerSecond, requestBurst: 2 * requestsPerSecond, keyFetchesPerMinute };
}

async function findDatabaseFault(database: Database): Promise<string | null> {
  try {
    await database.ping();
    return null;
  } catch {
    return 'database';
  }
}

/** Deletes nonces that no request can repeat any more, even once a clock that ran an hour ahead is put right. */
function createHousekeeping(nonces: { deleteExpired(now: Date): Promise<number> }, logger: Logger) {
  let timer: NodeJS.Timeout | null = null;
  const sweep = (): void => {
    nonces.deleteExpired(nonceSweepLimit(clock.now())).catch((error: unknown) => logger.warn({ err: error }, 'expired nonces were not deleted'));
  };
  return {
    start() {
      timer = setInterval(sweep, HOUSEKEEPING_MS).unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
