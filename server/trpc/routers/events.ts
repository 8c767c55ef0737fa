import { tracked, TRPCError } from '@trpc/server';
import * as z from 'zod';
import { router, signedInProcedure } from '../trpc.ts';

const MAX_CURSOR_CHARACTERS = 128;

/** The events of the socket as a stream of server-sent events, for where no socket can be had. */
export const eventsRouter = router({
  /** Begins after `lastEventId` where that is possible, else with `resync`; ends by itself and is then to be opened again. */
  stream: signedInProcedure
    .input(z.object({ lastEventId: z.string().max(MAX_CURSOR_CHARACTERS).optional() }).optional())
    .subscription(async function* ({ ctx, input, signal = new AbortController().signal }) {
      const { userId, sessionId } = ctx.signedIn;
      const isLive = async (): Promise<boolean> => (await ctx.services.sessions.check(sessionId)) !== null;
      const stream = ctx.services.openEventStream({ userId, sessionId, cursor: input?.lastEventId ?? null, isLive, signal });
      for await (const { cursor, event } of stream) yield tracked(cursor, event);
      // A client that comes back would be told the same, only later.
      if (!signal.aborted && !(await isLive())) throw new TRPCError({ code: 'UNAUTHORIZED' });
    }),
});
