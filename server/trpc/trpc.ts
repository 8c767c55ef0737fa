import { initTRPC, TRPCError } from '@trpc/server';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server';
import type { ErrorCode } from '../../protocol/errors.ts';
import { ERROR_REGISTRY, ProtocolError } from '../../protocol/errors.ts';
import { DomainError } from '../domain/domain-error.ts';
import type { DomainErrorCode } from '../domain/domain-error.ts';
import { StoreUnavailableError } from '../domain/store-unavailable-error.ts';
import type { TrpcContext } from './context.ts';

const DOMAIN_CODES: Readonly<Record<DomainErrorCode, TRPC_ERROR_CODE_KEY>> = {
  username_taken: 'CONFLICT',
  signup_closed: 'FORBIDDEN',
  invite_invalid: 'FORBIDDEN',
  rate_limited: 'TOO_MANY_REQUESTS',
  identity_invalid: 'BAD_REQUEST',
  password_hashing_too_weak: 'BAD_REQUEST',
  vault_changed: 'CONFLICT',
  message_too_long: 'PAYLOAD_TOO_LARGE',
  unknown_session: 'NOT_FOUND',
};

type ProtocolStatus = (typeof ERROR_REGISTRY)[ErrorCode]['status'];

/** What a code of the registry is to a browser; what only servers say to each other would be a fault of ours. */
const PROTOCOL_CODES: Readonly<Record<ProtocolStatus, TRPC_ERROR_CODE_KEY>> = {
  400: 'BAD_REQUEST',
  401: 'INTERNAL_SERVER_ERROR',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'INTERNAL_SERVER_ERROR',
  409: 'CONFLICT',
  410: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'INTERNAL_SERVER_ERROR',
  421: 'BAD_REQUEST',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
};

/** A connection that is silent for longer is taken for dead, by proxies and by the client. */
const PING_MS = 15_000;
const SILENCE_MS = 40_000;

const trpc = initTRPC.context<TrpcContext>().create({
  sse: { ping: { enabled: true, intervalMs: PING_MS }, client: { reconnectAfterInactivityMs: SILENCE_MS } },
  errorFormatter({ shape, error }) {
    const reason = reasonOf(error);
    // A message of ours is fit for people; any other could carry input or inner workings.
    const message = error.cause instanceof DomainError || error.cause instanceof ProtocolError ? error.cause.message : error.code;
    return { ...shape, message, data: { code: shape.data.code, httpStatus: shape.data.httpStatus, reason } };
  },
});

/** The closed code that clients act on; for anything unexpected the tRPC code in lower case. */
export function reasonOf(error: TRPCError): string {
  const { cause } = error;
  if (cause instanceof StoreUnavailableError) return 'unavailable';
  return cause instanceof DomainError || cause instanceof ProtocolError ? cause.code : error.code.toLowerCase();
}

/** What was thrown, under the code that browsers are told. */
function translated(error: TRPCError): TRPCError {
  const { cause } = error;
  if (cause instanceof StoreUnavailableError) return new TRPCError({ code: 'SERVICE_UNAVAILABLE', cause });
  if (cause instanceof DomainError) return new TRPCError({ code: DOMAIN_CODES[cause.code], cause });
  if (cause instanceof ProtocolError) return new TRPCError({ code: PROTOCOL_CODES[ERROR_REGISTRY[cause.code].status], cause });
  return error;
}

/** A page of another origin cannot add the header of our client unasked. */
function refuseForeign(context: TrpcContext, type: 'query' | 'mutation' | 'subscription'): void {
  if (type === 'mutation' && !context.fromClient) throw new TRPCError({ code: 'FORBIDDEN' });
}

/** Makes routers. */
export const router = trpc.router;

// One middleware each: every further one copies context and input once more for every call.

/** A procedure that anybody may call. */
export const publicProcedure = trpc.procedure.use(async ({ ctx, type, next }) => {
  refuseForeign(ctx, type);
  const result = await next();
  if (!result.ok) throw translated(result.error);
  return result;
});

/** A procedure of a signed-in person; `ctx.signedIn` is theirs, and everything is looked up under it. */
export const signedInProcedure = trpc.procedure.use(async ({ ctx, type, next }) => {
  refuseForeign(ctx, type);
  if (ctx.signedIn === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
  const result = await next({ ctx: { ...ctx, signedIn: ctx.signedIn } });
  if (!result.ok) throw translated(result.error);
  return result;
});
