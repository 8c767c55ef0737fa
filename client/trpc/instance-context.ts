import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { AppRouter } from '../../server/trpc/app-router.ts';

/** Hands the typed procedures of the own instance to screens that show plain server state, without keys. */
export const { TRPCProvider: InstanceProvider, useTRPC: useInstanceProcedures } = createTRPCContext<AppRouter>();
