import type { ConversationView } from '../../model.ts';
import { splitUserId } from '../contacts/address-input.ts';

/** How a conversation is called in lists and headers. */
export interface ConversationName {
  readonly title: string;
  /** `@domain` of the other person where that is a remote one, else null. */
  readonly remoteSuffix: string | null;
  /** The other people, for the avatar. */
  readonly others: readonly string[];
  readonly group: boolean;
}

/** Names a conversation: its private label, else the other people; a lone person is called by the own name. */
export function conversationName(conversation: ConversationView): ConversationName {
  const others = conversation.participants.filter((each) => !each.self).map((each) => each.userId);
  const self = conversation.participants.find((each) => each.self);
  const ownDomain = self === undefined ? '' : splitUserId(self.userId).domain;
  const named = others.length === 0 && self !== undefined ? [self.userId] : others;
  const first = named[0];
  const group = others.length > 1;
  const firstDomain = first === undefined ? '' : splitUserId(first).domain;
  return {
    title: conversation.label ?? named.map((userId) => splitUserId(userId).username).join(', '),
    remoteSuffix: !group && firstDomain !== ownDomain && firstDomain !== '' ? `@${firstDomain}` : null,
    others: named,
    group,
  };
}

/** Gives the address of the page of a conversation; the id is a parameter so that the page itself stays static. */
export function chatPath(conversationId: string, view?: 'details'): string {
  const parameters = new URLSearchParams({ id: conversationId });
  if (view !== undefined) parameters.set('view', view);
  return `/chat?${parameters.toString()}`;
}
