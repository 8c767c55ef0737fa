'use client';
import { createContext, useContext, type ReactNode } from 'react';
import type { ChatClient } from '../model.ts';

const ChatClientContext = createContext<ChatClient | null>(null);

/** Hands a chat client down to every screen; tests put a scripted one in. */
export function ChatClientProvider({ client, children }: { client: ChatClient; children: ReactNode }) {
  return <ChatClientContext value={client}>{children}</ChatClientContext>;
}

/** Gives the chat client of this browser. */
export function useChatClient(): ChatClient {
  const client = useContext(ChatClientContext);
  if (client === null) throw new Error('useChatClient needs a ChatClientProvider above it');
  return client;
}
