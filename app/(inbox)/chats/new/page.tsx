import { NewChatScreen } from '../../../../client/features/conversations/new-chat-screen.tsx';

/** The page where a chat is started. */
export default function NewChatPage() {
  return <NewChatScreen />;
}
