import { publicProcedure, router } from '../trpc.ts';

/** What anybody may know of this instance. */
export const instanceRouter = router({
  info: publicProcedure.query(({ ctx }) => ({ domain: ctx.services.domain, signup: ctx.services.signup })),
});
