'use client';
import { Avatar, AvatarPair } from '../../ui/avatar.tsx';
import { useMe } from '../account/account-context.tsx';
import type { ConversationName } from './conversation-name.ts';

/** Draws the other person of a conversation, or the first two of a group. */
export function ConversationAvatar({ name, size = 'medium' }: { name: ConversationName; size?: 'small' | 'medium' | 'large' }) {
  const me = useMe();
  const [first = me.userId, second] = name.others;
  if (second === undefined) return <Avatar userId={first} ownDomain={me.domain} size={size} />;
  return <AvatarPair userIds={[first, second]} ownDomain={me.domain} size={size} />;
}
