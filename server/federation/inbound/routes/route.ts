import type { ConversationId, Domain, MessageId, UserId } from '../../../../protocol/ids.ts';
import type { JsonValue } from '../../../../protocol/json.ts';
import type { ConversationBody } from '../../../../protocol/schemas/conversation-body.ts';
import type { MessageBody } from '../../../../protocol/schemas/message-body.ts';
import type { PublicKeyAnswer } from '../../../../protocol/schemas/public-key-answer.ts';
import type { SessionKeyBody } from '../../../../protocol/schemas/session-key-body.ts';
import type { FederationAnswer } from '../federation-exchange.ts';

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
  acceptMessage(body: MessageBody, origin: Domain): Promise<{ readonly status: 'accepted' | 'duplicate'; readonly messageId: MessageId }>;
  acceptChange(body: ConversationBody | SessionKeyBody, origin: Domain): Promise<ChangeResult>;
}

/** An authenticated request on its way to a verb. */
interface RouteCall {
  /** The segments of the target that the route's path leaves open, in order. */
  readonly parameters: readonly string[];
  /** The body's JSON, null for a GET. */
  readonly body: JsonValue;
  readonly origin: Domain;
  /** The served domain that was meant: "ours" [SIG-6]. */
  readonly destination: Domain;
  readonly now: Date;
}

/** One endpoint: parses, then calls one verb. */
export interface Route {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** The segments behind the prefix; null stands for any one segment. */
  readonly path: readonly (string | null)[];
  answer(call: RouteCall): Promise<FederationAnswer>;
}
