import { NoChatChosen } from '../../../client/features/conversations/no-chat-chosen.tsx';

/** The list of chats. */
export default function ChatsPage() {
  return <NoChatChosen title="chats" />;
}
