import { Suspense } from 'react';
import { ChatScreen } from '../../../client/features/messages/chat-screen.tsx';

/** One chat, named by the parameter `id` so that the page itself is static. */
export default function ChatPage() {
  return (
    <Suspense>
      <ChatScreen />
    </Suspense>
  );
}
