import type { ConversationId, Domain, UserId } from '../../../../protocol/ids.ts';
import type { JsonValue } from '../../../../protocol/json.ts';
import type { ConversationBody } from '../../../../protocol/schemas/conversation-body.ts';
import type { FederationEvent } from '../../../../protocol/schemas/events-body.ts';
import type { PublicKeyAnswer } from '../../../../protocol/schemas/public-key-answer.ts';
import type { SessionKeyBody } from '../../../../protocol/schemas/session-key-body.ts';
import type { AcceptMessages } from '../../../domain/messages/accept-messages.ts';
import type { Refusal, RouteResult } from '../federation-exchange.ts';
import type { SpendableNonce } from '../nonce-ticket.ts';

/** What a change of a conversation came to. @see docs/protocol.md [API-5] */
interface ChangeResult {
  readonly status: 'created' | 'updated' | 'duplicate';
  readonly conversationId: ConversationId;
}

/**
 * What peers may ask this server to do. `origin` is the authenticated domain. Each throws `ProtocolError` for what
 * it refuses, and returns only after what it accepted is durable.
 */
export interface FederationVerbs {
  findPublicIdentity(userId: UserId): Promise<PublicKeyAnswer>;
  acceptMessages(...request: Parameters<AcceptMessages>): ReturnType<AcceptMessages>;
  acceptChange(body: ConversationBody | SessionKeyBody, origin: Domain): Promise<ChangeResult>;
  /** Takes events of users of `origin`; those that concern nothing known here are dropped without a word. */
  acceptEvents(events: readonly FederationEvent[], origin: Domain): Promise<void>;
}

/** An authenticated request on its way to a verb. */
export interface RouteCall {
  /** The segments of the target that the route's path leaves open, in order. */
  readonly parameters: readonly string[];
  /** The body's JSON, null for a GET. */
  readonly body: JsonValue;
  readonly origin: Domain;
  /** The served domain that was meant: "ours" [SIG-6]. */
  readonly destination: Domain;
  /** The nonce of the request; spent already where the route does not say that it spends it. */
  readonly ticket: SpendableNonce;
  /** Logs the refusal of one item of a batch, counted from 0, and gives its problem with a `requestId` of its own. */
  readonly refuseItem: (error: unknown, item: number) => Refusal;
}

/** One endpoint: parses, then calls one verb. */
export interface Route {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** The segments behind the prefix; null stands for any one segment. */
  readonly path: readonly (string | null)[];
  /** How many arrays and objects its body may open, where that is not the 16 of every body [SIG-12]. */
  readonly maxJsonDepth?: number;
  /** Whether it stores the nonce of the request in its own transaction. */
  readonly spendsNonce?: boolean;
  answer(call: RouteCall): Promise<RouteResult>;
}
