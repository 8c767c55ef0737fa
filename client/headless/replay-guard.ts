import type { AssociatedData } from '../../e2ee/associated-data.ts';
import { createSequenceTracker } from '../../e2ee/replay.ts';
import type { ConversationId, MessageId } from '../../protocol/ids.ts';
import type { Keystore } from '../keystore/keystore.ts';

/** A decrypted message and where the server put it. */
export interface PlacedMessage {
  readonly messageId: MessageId;
  readonly position: number;
  readonly data: Pick<AssociatedData, 'senderId' | 'device' | 'seq'>;
}

/** Drops what was shown before under another id or at another place. @see docs/protocol.md [DEL-3] [E2E-8] */
export interface ReplayGuard {
  /** Gives those of one conversation that are neither replayed nor doubled, in order of position. */
  admit<Message extends PlacedMessage>(conversationId: ConversationId, messages: readonly Message[]): Promise<readonly Message[]>;
}

interface Seen {
  readonly tracker: ReturnType<typeof createSequenceTracker>;
  readonly positions: Map<MessageId, number>;
  readonly messageIds: Map<string, MessageId>;
  upToPosition: number;
}

/**
 * Creates the guard. What was seen lately is known by message id; of what came in earlier runs the sequence numbers are
 * kept, which decide about everything behind the last position that was kept.
 */
export function createReplayGuard(keystore: Keystore): ReplayGuard {
  const conversations = new Map<ConversationId, Promise<Seen>>();

  async function open(conversationId: ConversationId): Promise<Seen> {
    const { upToPosition, sequences } = await keystore.findReceived(conversationId);
    return { tracker: createSequenceTracker(sequences), positions: new Map(), messageIds: new Map(), upToPosition };
  }

  function seenIn(conversationId: ConversationId): Promise<Seen> {
    const seen = conversations.get(conversationId) ?? open(conversationId);
    conversations.set(conversationId, seen);
    return seen;
  }

  return {
    async admit(conversationId, messages) {
      const seen = await seenIn(conversationId);
      const before = seen.upToPosition;
      const inOrder = [...messages].sort((a, b) => a.position - b.position);
      const admitted = inOrder.filter((message) => isNew(seen, message));
      if (seen.upToPosition > before) {
        await keystore.saveReceived(conversationId, { upToPosition: seen.upToPosition, sequences: seen.tracker.state() });
      }
      return admitted;
    },
  };
}

function isNew(seen: Seen, { messageId, position, data }: PlacedMessage): boolean {
  const source = `${data.senderId} ${data.device} ${data.seq}`;
  const place = seen.positions.get(messageId);
  if (place !== undefined) return place === position;
  if ((seen.messageIds.get(source) ?? messageId) !== messageId) return false;
  const verdict = position > seen.upToPosition ? seen.tracker.observe(data).kind : 'accept';
  if (verdict === 'replay') return false;
  seen.positions.set(messageId, position);
  seen.messageIds.set(source, messageId);
  seen.upToPosition = Math.max(seen.upToPosition, position);
  return true;
}
