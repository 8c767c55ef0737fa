import type { UserId } from '../../../protocol/ids.ts';
import type { WireMessage } from '../../../server/realtime/events.ts';
import type { PrivacyView } from '../../model.ts';
import type { ReceiptWire } from '../../trpc/wire.ts';
import { emitTo } from './fake-world.ts';
import type { FakeAccount, FakeConversation, FakeWorld } from './fake-world.ts';

/** What an account lets others see. */
export function privacyOf({ privacy: chosen }: FakeAccount): PrivacyView {
  return chosen ?? { receipts: true, typing: true };
}

/** Raises how far a member has got, and tells the authors, unless it is a request to that member. */
export function acknowledge(
  world: FakeWorld,
  one: FakeConversation,
  { userId, delivered = 0, read = 0 }: { readonly userId: UserId; readonly delivered?: number | undefined; readonly read?: number | undefined },
): unknown {
  one.delivered.set(userId, Math.max(one.delivered.get(userId) ?? 0, delivered, read));
  one.read.set(userId, Math.max(one.read.get(userId) ?? 0, read));
  for (const author of world.accounts.values()) {
    const messages = one.messages.filter(({ senderId }) => senderId === author.userId);
    for (const receipt of receiptsOf(world, one, { author, messages }).filter((each) => each.userId === userId)) {
      emitTo(world, [author.userId], (events) => events['message:receipt'](receipt));
    }
  }
  return {};
}

/** What the other members did with messages of one author; nothing for and of those who give no receipts, nor of a request. */
export function receiptsOf(world: FakeWorld, one: FakeConversation, { author, messages }: { readonly author: FakeAccount; readonly messages: readonly WireMessage[] }): readonly ReceiptWire[] {
  if (!privacyOf(author).receipts) return [];
  const others = one.participants.flatMap((userId) => world.accounts.get(userId) ?? []).filter((other) => other !== author && one.accepted.has(other.userId) && privacyOf(other).receipts);
  return others.flatMap(({ userId }) => {
    const [delivered, read] = [one.delivered.get(userId) ?? 0, one.read.get(userId) ?? 0];
    const within = (after: number, upTo: number) => messages.filter(({ position }) => position > after && position <= upTo).map(({ messageId }) => messageId);
    const common = { conversationId: one.conversationId, userId };
    const states = [{ ...common, state: 'read' as const, messageIds: within(0, read) }, { ...common, state: 'on_device' as const, messageIds: within(read, delivered) }];
    return states.filter(({ messageIds }) => messageIds.length > 0);
  });
}

/** The same by message and member, with times. */
export function datedReceipts(world: FakeWorld, author: FakeAccount, messageIds: readonly string[]): unknown {
  const at = '2026-11-22T12:00:00.000Z';
  return [...world.conversations.values()].flatMap((one) => {
    const messages = one.messages.filter(({ messageId, senderId }) => senderId === author.userId && messageIds.includes(messageId));
    return receiptsOf(world, one, { author, messages }).flatMap(({ userId, state, messageIds: told }) =>
      told.map((messageId) => ({ messageId, userId, deliveredAt: at, readAt: state === 'read' ? at : null })),
    );
  });
}

/** Tells the other members of a conversation that one of them writes, or has taken it up. */
export function tellOthers(
  world: FakeWorld,
  { conversationId, participants }: FakeConversation,
  { userId, name }: { readonly userId: UserId; readonly name: 'conversation:typing' | 'conversation:accepted' },
): unknown {
  emitTo(world, participants.filter((each) => each !== userId), (events) => events[name]({ conversationId, userId }));
  return {};
}
