import type { ChatClient } from '../model.ts';

/** Loads and makes the chat client of this browser; its code stays out of the first paint. */
export async function loadBrowserChatClient(): Promise<ChatClient> {
  const { createBrowserChatClient } = await import('../keystore/browser-chat-client.ts');
  return createBrowserChatClient();
}
