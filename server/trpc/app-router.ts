import { accountRouter } from './routers/account.ts';
import { contactsRouter } from './routers/contacts.ts';
import { conversationsRouter } from './routers/conversations.ts';
import { eventsRouter } from './routers/events.ts';
import { instanceRouter } from './routers/instance.ts';
import { messagesRouter } from './routers/messages.ts';
import { router } from './trpc.ts';

/** Every procedure that the browser may call. */
export const appRouter = router({
  instance: instanceRouter,
  account: accountRouter,
  contacts: contactsRouter,
  conversations: conversationsRouter,
  messages: messagesRouter,
  events: eventsRouter,
});

/** The type that clients are typed by. */
export type AppRouter = typeof appRouter;
