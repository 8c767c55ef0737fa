import { NoChatChosen } from '../../../client/features/conversations/no-chat-chosen.tsx';

/** The list of requests. */
export default function RequestsPage() {
  return <NoChatChosen title="requests" />;
}
