import { randomBytes } from 'node:crypto';
import type { NextAuthOptions } from 'next-auth';
import type { Logger } from 'pino';
import packageJson from '../package.json' with { type: 'json' };
import { createAuthOptions } from './auth/auth-options.ts';
import { createSessionReader, sessionCookies } from './auth/session-cookie.ts';
import { ensureAuthSecret } from './config/auth-secret.ts';
import { composePeers } from './compose-peers.ts';
import { createStores, openStorage } from './compose-storage.ts';
import type { Storage, Stores } from './compose-storage.ts';
import type { Config } from './config/read-config.ts';
import { createAccounts } from './domain/accounts/accounts.ts';
import { createAuthSessions } from './domain/accounts/auth-sessions.ts';
import { createContactLookup } from './domain/contacts/lookup-contact.ts';
import { createChangeAcceptor } from './domain/conversations/accept-change.ts';
import { createConversationChanger } from './domain/conversations/change-conversation.ts';
import { createMessageAcceptor } from './domain/messages/accept-messages.ts';
import { createMessageSender } from './domain/messages/send-message.ts';
import { createDeliveryRetry } from './domain/outbox/retry-delivery.ts';
import type { Clock, DeliveryWaker } from './domain/ports.ts';
import type { ProcessBus } from './domain/process-bus.ts';
import { createRateLimit } from './domain/rate-limit.ts';
import { createEventAcceptor } from './domain/receipts/accept-events.ts';
import { createRequestAcceptor } from './domain/receipts/accept-request.ts';
import { createAcknowledger } from './domain/receipts/acknowledge.ts';
import { createTypingTeller } from './domain/receipts/tell-typing.ts';
import { unobservedTraffic } from './domain/traffic-observer.ts';
import { createFederationHandler } from './federation/inbound/handler.ts';
import { nonceSweepLimit } from './federation/inbound/nonce-sweep.ts';
import type { DeliveryWorker } from './federation/outbound/delivery-worker.ts';
import { systemTimers } from './federation/outbound/timers.ts';
import type { Timers } from './federation/outbound/timers.ts';
import type { FederationHandlers } from './http/federation-mount.ts';
import { createReadiness } from './http/readiness.ts';
import { createRequestDrain } from './http/request-drain.ts';
import type { Readiness } from './http/readiness.ts';
import { createSourceAddress, PLATFORM_SOURCE_HEADER, SOURCE_ADDRESS_HEADER } from './http/source-address.ts';
import type { SourceAddress } from './http/source-address.ts';
import { createMetrics } from './metrics/metrics.ts';
import type { Metrics } from './metrics/metrics.ts';
import { readQueueDepths } from './metrics/queue-depths.ts';
import { openNetwork, randomFraction } from './network.ts';
import type { Network } from './network.ts';
import { reportOutages } from './persistence/database-outage.ts';
import type { Database } from './persistence/database.ts';
import { applyMigrations } from './persistence/migrate.ts';
import { createProcessBus } from './persistence/process-bus.ts';
import type { PostgresProcessBus } from './persistence/process-bus.ts';
import { createReferencedMessageReader } from './persistence/referenced-messages.ts';
import { createRealtime } from './realtime/realtime.ts';
import type { Realtime } from './realtime/realtime.ts';
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
  /** What keeps the instance from serving. */
  readonly readiness: Readiness;
  /** Null where the configuration does not ask for any. */
  readonly metrics: Metrics | null;
  /** Sends all that is due now; for platforms without a resident process [DEL-5]. */
  drainOnce: DeliveryWorker['drainOnce'];
  /** Sends what the requests so far have queued, and to whom they have shown themselves alive; nothing where a process stays resident [DEL-5]. */
  drainAfterRequest(): Promise<void>;
  /** Deletes what has expired; for platforms without a resident process. */
  tidy(): Promise<void>;
  /** Begins the work of a resident process: deliveries and housekeeping. */
  startWorking(): void;
  /** Ends the work of a resident process: finishes or releases what is under way to peers. */
  stopWorking(): Promise<void>;
  /** Does the same, ends the sockets and closes the database. */
  stop(): Promise<void>;
}

export interface ComposeOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Whether every request comes through our own listener, which states its source; else the platform does. */
  readonly behindListener: boolean;
  /** The folder prisma/migrations, which is elsewhere in each form of deployment. */
  readonly migrationsDirectory: string;
  /** What replaces the time, the network and the stores of this machine, for simulations; real ones by default. */
  readonly effects?: Partial<Effects>;
}

/** What an instance takes from the world around it. */
interface Effects {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Numbers from 0 up to 1, for delays and weighted choices. */
  readonly random: () => number;
  readonly openNetwork: (config: Config) => Pick<Network, 'dns' | 'guardedRequest'>;
  /** Hands the stores on, or others over them. */
  readonly wrapStores: (stores: Stores) => Stores;
}

const HOUSEKEEPING_MS = 60_000;
const SIGNUPS_PER_HOUR = 100;
const SIGN_INS_PER_MINUTE = 10;
const ID_BYTES = 12;
/** Leaves the rest of the 10 s of a stop to whatever ends after the deliveries. */
const WORKER_GRACE_MS = 7_000;

const REAL: Effects = { clock: { now: () => new Date() }, timers: systemTimers, random: randomFraction, openNetwork, wrapStores: (stores) => stores };

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

async function composeOver(storage: Storage, { config, logger, behindListener, effects }: ComposeOptions): Promise<Instance> {
  const { clock, timers, random, openNetwork: openWayOut, wrapStores } = { ...REAL, ...effects };
  const { domain: localDomain } = config;
  const sourceHeader = behindListener ? SOURCE_ADDRESS_HEADER : PLATFORM_SOURCE_HEADER;
  let onReturn = (): void => undefined;
  const stores = reportOutages(wrapStores(createStores(storage.database)), () => onReturn());
  const metrics = openMetrics(config, { database: storage.database, clock });
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
  const readSessionId = createSessionReader({ cookies, secret, clock });
  const findSession = async (cookieHeader: string) => {
    const sessionId = await readSessionId(cookieHeader);
    const session = sessionId === null ? null : await sessions.check(sessionId);
    return session === null ? null : { userId: session.userId, sessionId: session.id };
  };
  const newId = (): string => randomBytes(ID_BYTES).toString('hex');
  const now = (): number => clock.now().getTime();
  const bus = createProcessBus({ pool: storage.database.pool, url: storage.url, processId: newId(), logger, now });
  const loadMessages = createReferencedMessageReader(storage.database.pool);
  const realtime = createRealtime({ authenticate: findSession, allowedOrigin: config.publicUrl.origin, bus, loadMessages, now, newId, logger });
  const peers = await composePeers({ config, logger, stores, notifier: realtime, clock, timers, random, network: openWayOut(config), observe: metrics?.deliveries });
  // Peers that were answered 503 while the database was away would wait out their back-off.
  onReturn = () => void peers.hello.sayHello();
  const requestDrain = createRequestDrain({ drainOnce: peers.worker.drainOnce, clock, logger });
  const waker = behindListener ? alsoOverBus(peers.worker, bus) : requestDrain;
  const traffic = metrics?.traffic ?? unobservedTraffic;
  const verbs = { localDomain, ...stores, policy: peers.policy, notifier: realtime, waker, traffic, clock };
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
    openEventStream: realtime.openStream,
    acknowledge: createAcknowledger(verbs),
    acceptRequest: createRequestAcceptor(verbs),
    tellTyping: createTypingTeller({ ...verbs, sendEvents: peers.sendEvents }),
    receipts: stores.receipts,
    privacy: stores.privacy,
  };
  const housekeeping = createHousekeeping(stores.nonces, { clock, logger });
  const stopWorking = async (): Promise<void> => {
    housekeeping.stop();
    peers.hello.stop();
    await peers.worker.stop({ graceMs: WORKER_GRACE_MS });
  };
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
          acceptMessages: createMessageAcceptor(verbs),
          acceptChange: createChangeAcceptor(verbs),
          acceptEvents: createEventAcceptor(verbs),
        },
        isBlocked: peers.policy.isBlocked,
        rateLimits: federationRates(config),
        nonces: stores.nonces,
        peers: stores.peers,
        waker,
        traffic,
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
    readiness: createReadiness([
      { cause: 'database', check: () => storage.database.ping() },
      { cause: 'keys', check: peers.checkOwnKeys },
    ]),
    metrics,
    drainOnce: peers.worker.drainOnce,
    async drainAfterRequest() {
      // The platform may freeze this process once this is over.
      await bus.flush();
      await requestDrain.drain();
      await bus.flush();
    },
    tidy: housekeeping.sweep,
    startWorking() {
      startBus(bus, { worker: peers.worker, logger });
      peers.worker.start();
      void peers.hello.sayHello();
      housekeeping.start();
    },
    stopWorking,
    async stop() {
      await stopWorking();
      await realtime.close();
      await bus.stop();
      await storage.close();
    },
  };
}

/** Wakes the deliveries of this process, and those of whichever process holds the queue. */
function alsoOverBus(worker: DeliveryWaker, bus: ProcessBus): DeliveryWaker {
  return {
    wake(domains) {
      worker.wake(domains);
      bus.publish({ kind: 'wake', domains });
    },
  };
}

/** A bus that cannot listen yet goes on trying; what it misses meanwhile is found by looking. */
function startBus(bus: PostgresProcessBus, { worker, logger }: { readonly worker: DeliveryWaker; readonly logger: Logger }): void {
  bus.subscribe((news) => {
    if (news.kind === 'wake') worker.wake(news.domains);
  });
  bus.start().catch((err: unknown) => logger.warn({ err }, 'other processes are not listened to'));
}

/** The rates that others may ask at, as the operator sets them. @see docs/protocol.md [API-10] */
function federationRates({ SECURECHAT_REQUESTS_PER_SECOND: requestsPerSecond, SECURECHAT_KEY_FETCHES_PER_MINUTE: keyFetchesPerMinute }: Config) {
  return { requestsPerSecond, requestBurst: 2 * requestsPerSecond, keyFetchesPerMinute };
}

/** Metrics cost memory and a timer, so there are none where nobody can ask for them. */
function openMetrics(config: Config, { database, clock }: { database: Database; clock: Clock }): Metrics | null {
  if (config.SECURECHAT_METRICS_PORT === null && config.SECURECHAT_METRICS_TOKEN === null) return null;
  const readQueues = (limits: { readonly limit: number }) => readQueueDepths(database.pool, limits);
  return createMetrics({ version: packageJson.version, readQueues, clock });
}

/** Deletes nonces that no request can repeat any more, even once a clock that ran an hour ahead is put right. */
function createHousekeeping(nonces: { deleteExpired(now: Date): Promise<number> }, { clock, logger }: { clock: Clock; logger: Logger }) {
  let timer: NodeJS.Timeout | null = null;
  const sweep = async (): Promise<void> => {
    await nonces.deleteExpired(nonceSweepLimit(clock.now())).catch((error: unknown) => logger.warn({ err: error }, 'expired nonces were not deleted'));
  };
  return {
    sweep,
    start() {
      timer = setInterval(() => void sweep(), HOUSEKEEPING_MS).unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
