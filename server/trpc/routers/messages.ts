import * as z from 'zod';
import { ProtocolError } from '../../../protocol/errors.ts';
import { encryptedPayload } from '../../../protocol/schemas/encrypted-payload.ts';
import { conversationIdField, domainField, messageIdField, timestampField } from '../../../protocol/schemas/fields.ts';
import { toWireDelivery, toWireMessage } from '../../domain/wire.ts';
import { router, signedInProcedure } from '../trpc.ts';

const MAX_PAGE = 200;

/** Encrypted messages of the signed-in person's conversations, where their own are, and who has them. */
export const messagesRouter = router({
  send: signedInProcedure
    .input(
      z.object({
        conversationId: conversationIdField,
        messageId: messageIdField,
        payload: encryptedPayload,
        timestamp: timestampField,
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { userId } = ctx.signedIn;
      const { message, deliveries } = await ctx.services.sendMessage({ ...input, senderId: userId });
      // Whoever sent it has the payload.
      const { payload: _echo, ...placed } = toWireMessage(message);
      return { message: placed, deliveries: deliveries.map(toWireDelivery) };
    }),

  list: signedInProcedure
    .input(
      z.object({
        conversationId: conversationIdField,
        after: z.int().min(0).optional(),
        before: z.int().min(1).optional(),
        limit: z.int().min(1).max(MAX_PAGE),
      }),
    )
    .query(async ({ ctx, input }) => {
      const { userId } = ctx.signedIn;
      const { conversationId, after, before, limit } = input;
      const range = { limit, ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }) };
      const messages = await ctx.services.messages.list(userId, conversationId, range);
      if (messages === null) throw new ProtocolError('unknown_conversation');
      const own = messages.filter(({ senderId }) => senderId === userId).map(({ messageId }) => messageId);
      const [deliveries, receipts] = await Promise.all([
        own.length === 0 ? [] : ctx.services.deliveryStates(userId, own),
        ctx.services.receipts.receiptsOf(userId, own),
      ]);
      return { messages: messages.map(toWireMessage), deliveries: deliveries.map(toWireDelivery), receipts };
    }),

  /** What others did with these own messages, and when, as their servers state [DEL-6]. */
  receipts: signedInProcedure
    .input(z.object({ messageIds: z.array(messageIdField).max(MAX_PAGE) }))
    .query(({ ctx, input }) => ctx.services.receipts.datedReceiptsOf(ctx.signedIn.userId, input.messageIds)),

  retry: signedInProcedure
    .input(z.object({ messageId: messageIdField, domain: domainField }))
    .mutation(async ({ ctx, input }) =>
      toWireDelivery(await ctx.services.retryDelivery(ctx.signedIn.userId, input.messageId, input.domain)),
    ),
});
