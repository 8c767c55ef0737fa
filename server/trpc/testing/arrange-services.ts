import { randomBytes } from 'node:crypto';
import type { UserId } from '../../../protocol/ids.ts';
import { createAccounts } from '../../domain/accounts/accounts.ts';
import { createAuthSessions } from '../../domain/accounts/auth-sessions.ts';
import { createContactLookup } from '../../domain/contacts/lookup-contact.ts';
import { createConversationChanger } from '../../domain/conversations/change-conversation.ts';
import { createMessageSender } from '../../domain/messages/send-message.ts';
import { createDeliveryRetry } from '../../domain/outbox/retry-delivery.ts';
import { createRequestAcceptor } from '../../domain/receipts/accept-request.ts';
import { createAcknowledger } from '../../domain/receipts/acknowledge.ts';
import { createTypingTeller } from '../../domain/receipts/tell-typing.ts';
import { createRateLimit } from '../../domain/rate-limit.ts';
import { createFakeClock } from '../../domain/testing/fake-clock.ts';
import { local, registrationOf } from '../../domain/testing/people.ts';
import { createCountingWaker, createRecordingNotifier } from '../../domain/testing/recorders.ts';
import { openStores } from '../../domain/testing/stores.ts';
import { unobservedTraffic } from '../../domain/traffic-observer.ts';
import { createPostgresAuthSessionStore } from '../../persistence/auth-session-store.ts';
import { createPrismaInviteStore } from '../../persistence/invite-store.ts';
import { appRouter } from '../app-router.ts';
import type { TrpcContext, TrpcServices } from '../context.ts';

/** Puts the real verbs on a database of the test's own; no peer is ever asked. */
export async function arrangeServices() {
  const stores = await openStores();
  const clock = createFakeClock();
  const policy = { isBlocked: async () => false };
  const parts = { localDomain: local, ...stores, policy, notifier: createRecordingNotifier(), waker: createCountingWaker(), traffic: unobservedTraffic, clock };
  const limit = () => createRateLimit({ perSecond: 1, burst: 1_000, clock });
  const accounts = createAccounts({
    ...parts,
    store: stores.accounts,
    invites: createPrismaInviteStore(stores.prisma),
    signup: 'open',
    decoySecret: 'a secret of the instance',
    randomBytes,
    signupLimit: limit(),
    signInLimit: limit(),
  });
  const sentEvents: { readonly domain: string; readonly events: readonly object[] }[] = [];
  const services: TrpcServices = {
    domain: local,
    signup: 'open',
    accounts,
    sessions: createAuthSessions({ store: createPostgresAuthSessionStore(stores.database), clock, randomBytes, onRevoked: () => undefined }),
    lookupContact: createContactLookup({ localDomain: local, accounts, policy, fetchRemoteIdentity: async () => ({ kind: 'server_silent' }) }),
    changeConversation: createConversationChanger(parts),
    conversations: stores.conversations,
    sendMessage: createMessageSender(parts),
    messages: stores.messages,
    deliveryStates: stores.outbox.deliveryStates,
    retryDelivery: createDeliveryRetry(parts),
    openEventStream: async function* noEvents() {},
    acknowledge: createAcknowledger(parts),
    acceptRequest: createRequestAcceptor(parts),
    tellTyping: createTypingTeller({ ...parts, sendEvents: (domain, events) => void sentEvents.push({ domain, events }) }),
    receipts: stores.receipts,
    privacy: stores.privacy,
  };
  const contextOf = (signedIn: TrpcContext['signedIn'], overrides: Partial<TrpcContext> = {}): TrpcContext => ({
    services,
    signedIn,
    sourceAddress: '192.0.2.1',
    fromClient: true,
    ...overrides,
  });
  return {
    stores,
    services,
    /** Everything that somebody was told here, and what was sent to other domains at once. */
    notifier: parts.notifier,
    sentEvents,
    contextOf,
    /** The procedures as nobody may call them. */
    stranger: (overrides: Partial<TrpcContext> = {}) => appRouter.createCaller(contextOf(null, overrides)),
    /** Registers a person and gives the procedures as their browser calls them. */
    async signUp(userId: UserId, overrides: Partial<TrpcContext> = {}) {
      await accounts.register(registrationOf(userId));
      const session = await services.sessions.start(userId, 'Firefox · Linux');
      const signedIn = { userId, sessionId: session.id };
      return { signedIn, call: appRouter.createCaller(contextOf(signedIn, overrides)) };
    },
  };
}
