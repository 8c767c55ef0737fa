import * as z from 'zod';
import { ProtocolError } from '../../../protocol/errors.ts';
import { changeFields } from '../../../protocol/schemas/change-fields.ts';
import { conversationBody } from '../../../protocol/schemas/conversation-body.ts';
import { base64Field, conversationIdField } from '../../../protocol/schemas/fields.ts';
import { parseBody } from '../../../protocol/schemas/parse-body.ts';
import { sessionKeyBody } from '../../../protocol/schemas/session-key-body.ts';
import { toWireConversation } from '../../domain/wire.ts';
import { router, signedInProcedure } from '../trpc.ts';

const SIGNATURE_BYTES = 64;

const { initiatorId: _fromSession, ...statedFields } = changeFields;

/** What a browser states of a change: all of it but who asks, which its session says. Every change states its epoch. */
const changeInput = z.object({
  ...statedFields,
  epoch: z.int().min(1),
  action: z.enum(['create', 'add_participant', 'rotate_key', 'leave']),
  leaveSignature: base64Field(SIGNATURE_BYTES).exactOptional(),
});

const conversationInput = z.object({ conversationId: conversationIdField });
const positionInput = z.int().min(0);

/** Conversations of the signed-in person; another's are as unknown as missing ones. */
export const conversationsRouter = router({
  list: signedInProcedure.query(async ({ ctx }) => {
    const summaries = await ctx.services.conversations.listFor(ctx.signedIn.userId);
    return summaries.map(toWireConversation);
  }),

  get: signedInProcedure.input(conversationInput).query(async ({ ctx, input }) => {
    const { userId } = ctx.signedIn;
    const summary = await ctx.services.conversations.findFor(userId, input.conversationId);
    const history = await ctx.services.conversations.historyFor(userId, input.conversationId);
    if (summary === null || history === null) throw new ProtocolError('unknown_conversation');
    return { summary: toWireConversation(summary), ...history };
  }),

  change: signedInProcedure.input(changeInput).mutation(async ({ ctx, input }) => {
    const stated = { ...input, initiatorId: ctx.signedIn.userId };
    // What a peer would refuse for its form must not be stored here first.
    const body = parseBody(input.action === 'rotate_key' ? sessionKeyBody : conversationBody, stated);
    if (body.action === 'leave' && body.leaveSignature === undefined) throw new ProtocolError('invalid_body', { pointer: '/leaveSignature' });
    const { status } = await ctx.services.changeConversation(body);
    return { status };
  }),

  /** Tells how far this person's devices have got: everything up to a position is on one, or read. */
  acknowledge: signedInProcedure
    .input(conversationInput.extend({ delivered: positionInput.optional(), read: positionInput.optional() }))
    .mutation(async ({ ctx, input }) => {
      const { conversationId, delivered = null, read = null } = input;
      await ctx.services.acknowledge({ userId: ctx.signedIn.userId, conversationId, delivered, read });
      return {};
    }),

  accept: signedInProcedure.input(conversationInput).mutation(async ({ ctx, input }) => {
    await ctx.services.acceptRequest(ctx.signedIn.userId, input.conversationId);
    return {};
  }),

  /** Says that this person is writing; best effort. */
  typing: signedInProcedure.input(conversationInput).mutation(async ({ ctx, input }) => {
    await ctx.services.tellTyping(ctx.signedIn.userId, input.conversationId);
    return {};
  }),
});
