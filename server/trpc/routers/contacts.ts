import * as z from 'zod';
import { userIdField } from '../../../protocol/schemas/fields.ts';
import { router, signedInProcedure } from '../trpc.ts';

/** Looking people up, on this instance and on others. */
export const contactsRouter = router({
  lookup: signedInProcedure
    .input(z.object({ userId: userIdField }))
    .query(({ ctx, input }) => ctx.services.lookupContact(input.userId)),
});
