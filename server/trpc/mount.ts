import type { IncomingMessage, ServerResponse } from 'node:http';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { TRPCError } from '@trpc/server';
import type { Logger } from 'pino';
import { StoreUnavailableError } from '../domain/store-unavailable-error.ts';
import { appRouter } from './app-router.ts';
import type { TrpcContext } from './context.ts';
import { reasonOf } from './trpc.ts';

/** Where both mounts stand. */
export const TRPC_PREFIX = '/api/trpc';
const CLIENT_HEADER = 'x-securechat-client';
/** A message body plus its envelope; vaults are the largest. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** What a procedure learns of its request. */
export interface TrpcRequest {
  readonly cookieHeader: string;
  readonly sourceAddress: string;
  readonly fromClient: boolean;
}

/** What both mounts need. */
interface MountOptions {
  readonly createContext: (request: TrpcRequest) => Promise<TrpcContext>;
  /** Told why a call was refused, by the code that its client is told. */
  readonly onRefused?: (reason: string) => void;
  readonly logger: Logger;
}

/** Mounts the router on a Node listener. */
export function createTrpcNodeHandler(
  options: MountOptions & { readonly sourceAddressOf: (request: IncomingMessage) => string },
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.slice(TRPC_PREFIX.length + 1);
    await nodeHTTPRequestHandler({
      router: appRouter,
      req: request,
      res: response,
      path,
      maxBodySize: MAX_BODY_BYTES,
      createContext: () =>
        openContext(options, {
          cookieHeader: request.headers.cookie ?? '',
          sourceAddress: options.sourceAddressOf(request),
          fromClient: request.headers[CLIENT_HEADER] !== undefined,
        }),
      onError: ({ error, path: procedure }) => noteRefusal(options, error, procedure),
    });
  };
}

/** Mounts the router on a fetch-style route, for function platforms. */
export function handleTrpcRequest(
  request: Request,
  options: MountOptions & { readonly sourceAddress: string },
): Promise<Response> {
  return fetchRequestHandler({
    router: appRouter,
    req: request,
    endpoint: TRPC_PREFIX,
    createContext: () =>
      openContext(options, {
        cookieHeader: request.headers.get('cookie') ?? '',
        sourceAddress: options.sourceAddress,
        fromClient: request.headers.has(CLIENT_HEADER),
      }),
    onError: ({ error, path }) => noteRefusal(options, error, path),
  });
}

/** Before any procedure runs, nothing translates what the store throws. */
async function openContext({ createContext }: MountOptions, request: TrpcRequest): Promise<TrpcContext> {
  try {
    return await createContext(request);
  } catch (cause) {
    if (cause instanceof StoreUnavailableError) throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', cause });
    throw cause;
  }
}

/** Logs what nobody foresaw; the input, which may hold secrets, is never among it. */
function noteRefusal({ logger, onRefused }: MountOptions, error: TRPCError, procedure: string | undefined): void {
  onRefused?.(reasonOf(error));
  if (error.code === 'INTERNAL_SERVER_ERROR') logger.error({ err: error.cause, procedure }, 'a procedure failed');
}
