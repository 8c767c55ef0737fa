import * as z from 'zod';
import { authSecretInput, passwordHashingInput, publicIdentityInput, sessionIdInput, usernameInput, vaultInput } from '../input.ts';
import { publicProcedure, router, signedInProcedure } from '../trpc.ts';

/** Accounts, vaults and signed-in browsers. */
export const accountRouter = router({
  passwordHashing: publicProcedure
    .input(z.object({ username: usernameInput }))
    .query(({ ctx, input }) => ctx.services.accounts.passwordHashing(input.username)),

  register: publicProcedure
    .input(
      z.object({
        username: usernameInput,
        passwordHashing: passwordHashingInput,
        authSecret: authSecretInput,
        publicIdentity: publicIdentityInput,
        vault: vaultInput.extend({ counter: z.literal(1) }),
        invite: z.string().max(128).optional(),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { invite = null, ...registration } = input;
      const userId = await ctx.services.accounts.register({ ...registration, invite, sourceAddress: ctx.sourceAddress });
      return { userId };
    }),

  me: signedInProcedure.query(async ({ ctx }) => {
    const { userId, sessionId } = ctx.signedIn;
    const publicIdentity = await ctx.services.accounts.publicIdentity(userId);
    return { userId, domain: ctx.services.domain, sessionId, publicIdentity };
  }),

  vault: signedInProcedure.query(({ ctx }) => ctx.services.accounts.vault(ctx.signedIn.userId)),

  saveVault: signedInProcedure.input(vaultInput).mutation(async ({ ctx, input }) => {
    await ctx.services.accounts.saveVault(ctx.signedIn.userId, input);
    return { saved: true };
  }),

  resetIdentity: signedInProcedure
    .input(z.object({ publicIdentity: publicIdentityInput, vault: vaultInput }))
    .mutation(async ({ ctx, input }) => {
      await ctx.services.accounts.resetIdentity(ctx.signedIn.userId, input.publicIdentity, input.vault);
      return {};
    }),

  /** What this person lets others see, and is shown of others in return. */
  privacy: signedInProcedure.query(({ ctx }) => ctx.services.privacy.find(ctx.signedIn.userId)),

  setPrivacy: signedInProcedure.input(z.object({ receipts: z.boolean(), typing: z.boolean() })).mutation(async ({ ctx, input }) => {
    await ctx.services.privacy.save(ctx.signedIn.userId, input);
    return input;
  }),

  sessions: signedInProcedure.query(async ({ ctx }) => {
    const { userId, sessionId } = ctx.signedIn;
    const sessions = await ctx.services.sessions.list(userId);
    return sessions.map(({ id, label, createdAt, lastSeenAt }) => ({
      id,
      label,
      createdAt: createdAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
      current: id === sessionId,
    }));
  }),

  revokeSession: signedInProcedure.input(z.object({ sessionId: sessionIdInput })).mutation(async ({ ctx, input }) => {
    await ctx.services.sessions.revoke(ctx.signedIn.userId, input.sessionId);
    return {};
  }),
});
