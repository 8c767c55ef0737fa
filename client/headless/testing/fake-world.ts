import type { UserId } from '../../../protocol/ids.ts';
import type { JsonObject } from '../../../protocol/json.ts';
import type { PublicKeyAnswer } from '../../../protocol/schemas/public-key-answer.ts';
import type { WireDelivery, WireMessage } from '../../../server/realtime/events.ts';
import type { HandledEvents, RealtimeHandlers } from '../../realtime/realtime-handlers.ts';
import type { PasswordHashing } from '../../keystore/argon2.ts';
import type { PrivacyView } from '../../model.ts';
import type { ChangeWire } from '../../trpc/wire.ts';
import type { SealedVault } from '../vault-keeper.ts';

/** An account as servers keep it. */
export interface FakeAccount {
  readonly userId: UserId;
  readonly authSecret: string;
  passwordHashing: PasswordHashing;
  publicIdentity: PublicKeyAnswer;
  vault: SealedVault;
  privacy?: PrivacyView;
}

/** A conversation as servers keep it, shared by all domains at once; tests change it as a hostile server would. */
export interface FakeConversation {
  readonly conversationId: WireMessage['conversationId'];
  participants: readonly UserId[];
  epoch: number;
  changes: ChangeWire[];
  readonly sessionKeys: Map<number, Map<UserId, string>>;
  messages: WireMessage[];
  readonly accepted: Set<UserId>;
  /** How far each member's devices have got, and what they have read. */
  readonly delivered: Map<UserId, number>;
  readonly read: Map<UserId, number>;
  /** The last position that a former participant may see. */
  readonly removedAt: Map<UserId, number>;
}

/** A call that reached a server: what a server operator could read. */
interface FakeCall {
  readonly domain: string;
  readonly path: string;
  readonly input: JsonObject;
}

/** Everything that all the servers of a test keep. */
export interface FakeWorld {
  readonly accounts: Map<UserId, FakeAccount>;
  readonly conversations: Map<string, FakeConversation>;
  /** User ids by session cookie. */
  readonly sessions: Map<string, UserId>;
  readonly sockets: Map<RealtimeHandlers, UserId>;
  readonly calls: FakeCall[];
  /** Paths whose next calls never reach the server, by how many. */
  readonly cutBefore: Map<string, number>;
  /** Paths whose next calls are done but whose answers are lost, by how many. */
  readonly cutAfter: Map<string, number>;
  /** Domains that do not answer other servers. */
  readonly silent: Set<string>;
  deliveryState: WireDelivery['state'];
  socketsUp: boolean;
}

/** Creates a world without people. */
export function createFakeWorld(): FakeWorld {
  return {
    accounts: new Map(),
    conversations: new Map(),
    sessions: new Map(),
    sockets: new Map(),
    calls: [],
    cutBefore: new Map(),
    cutAfter: new Map(),
    silent: new Set(),
    deliveryState: 'delivered',
    socketsUp: true,
  };
}

/** Sends an event to every socket of these users. */
export function emitTo<Name extends keyof HandledEvents>(
  world: FakeWorld,
  userIds: readonly UserId[],
  send: (events: HandledEvents) => ReturnType<HandledEvents[Name]>,
): void {
  for (const [handlers, userId] of world.sockets) {
    if (world.socketsUp && userIds.includes(userId)) send(handlers.events);
  }
}

/** The domain of an id. */
export function domainIn(id: string): string {
  return id.slice(Math.max(id.lastIndexOf('@'), id.lastIndexOf(':')) + 1);
}
