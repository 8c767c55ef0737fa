import type { RealtimeHandlers } from '../realtime-handlers.ts';

/** Creates handlers that note by name what they are told, each event with its first member. */
export function createNotingHandlers(): { readonly told: string[]; readonly handlers: RealtimeHandlers } {
  const told: string[] = [];
  const note = (name: string) => (event: object) => void told.push(`${name} ${Object.values(event)[0]}`);
  const handlers: RealtimeHandlers = {
    onOnline: () => void told.push('online'),
    onOffline: () => void told.push('offline'),
    onResync: () => void told.push('resync'),
    onUnauthorized: () => void told.push('unauthorized'),
    events: {
      'message:new': note('message:new'),
      'conversation:new': note('conversation:new'),
      'conversation:membership': note('conversation:membership'),
      'delivery:changed': note('delivery:changed'),
      'message:receipt': note('message:receipt'),
      'conversation:typing': note('conversation:typing'),
      'conversation:accepted': note('conversation:accepted'),
    },
  };
  return { told, handlers };
}
