/** Names every entry of the cache, so that reads, patches and invalidations meet. */
export const queryKeys = {
  instance: ['instance'],
  account: ['account'],
  privacy: ['privacy'],
  conversations: ['conversations'],
  conversation: (conversationId: string) => ['conversation', conversationId] as const,
  timeline: (conversationId: string) => ['timeline', conversationId] as const,
  told: (conversationId: string) => ['told', conversationId] as const,
  outgoing: (conversationId: string) => ['outgoing', conversationId] as const,
  putBack: (conversationId: string) => ['put-back', conversationId] as const,
  draft: (conversationId: string) => ['draft', conversationId] as const,
  receipts: (messageId: string) => ['receipts', messageId] as const,
  safetyNumber: (userId: string) => ['safety-number', userId] as const,
} as const;
