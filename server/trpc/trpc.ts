import { initTRPC, TRPCError } from '@trpc/server';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server';
import type { ErrorCode } from '../../protocol/errors.ts';
import { ERROR_REGISTRY, ProtocolError } from '../../protocol/errors.ts';
import { DomainError } from '../domain/domain-error.ts';
import type { DomainErrorCode } from '../domain/domain-error.ts';
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

const trpc = initTRPC.context<TrpcContext>().create({
  errorFormatter({ shape, error }) {
    const reason = reasonOf(error);
    // A message of ours is fit for people; any other could carry input or inner workings.
    const message = error.cause instanceof DomainError || error.cause instanceof ProtocolError ? error.cause.message : error.code;
    return { ...shape, message, data: { code: shape.data.code, httpStatus: shape.data.httpStatus, reason } };
  },
});

/** The closed code that clients act on; for anything unexpected the tRPC code in lower case. */
function reasonOf(error: TRPCError): string {
  const { cause } = error;
  return cause instanceof DomainError || cause instanceof ProtocolError ? cause.code : error.code.toLowerCase();
}

const translateErrors = trpc.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok) return result;
  const { cause } = result.error;
  if (cause instanceof DomainError) throw new TRPCError({ code: DOMAIN_CODES[cause.code], cause });
  if (cause instanceof ProtocolError) throw new TRPCError({ code: PROTOCOL_CODES[ERROR_REGISTRY[cause.code].status], cause });
  return result;
});

const refuseForeignMutations = trpc.middleware(({ ctx, type, next }) => {
  if (type === 'mutation' && !ctx.fromClient) throw new TRPCError({ code: 'FORBIDDEN' });
  return next();
});

/** Makes routers. */
export const router = trpc.router;

/** A procedure that anybody may call. */
export const publicProcedure = trpc.procedure.use(translateErrors).use(refuseForeignMutations);

/** A procedure of a signed-in person; `ctx.signedIn` is theirs, and everything is looked up under it. */
export const signedInProcedure = publicProcedure.use(({ ctx, next }) => {
  if (ctx.signedIn === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
  return next({ ctx: { ...ctx, signedIn: ctx.signedIn } });
});
