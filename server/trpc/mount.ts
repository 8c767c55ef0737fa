import type { IncomingMessage, ServerResponse } from 'node:http';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import type { Logger } from 'pino';
import { appRouter } from './app-router.ts';
import type { TrpcContext } from './context.ts';

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

type CreateContext = (request: TrpcRequest) => Promise<TrpcContext>;

/** Mounts the router on a Node listener. */
export function createTrpcNodeHandler(options: {
  readonly createContext: CreateContext;
  readonly sourceAddressOf: (request: IncomingMessage) => string;
  readonly logger: Logger;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.slice(TRPC_PREFIX.length + 1);
    await nodeHTTPRequestHandler({
      router: appRouter,
      req: request,
      res: response,
      path,
      maxBodySize: MAX_BODY_BYTES,
      createContext: () =>
        options.createContext({
          cookieHeader: request.headers.cookie ?? '',
          sourceAddress: options.sourceAddressOf(request),
          fromClient: request.headers[CLIENT_HEADER] !== undefined,
        }),
      onError: ({ error, path: procedure }) => logUnexpected(options.logger, error, procedure),
    });
  };
}

/** Mounts the router on a fetch-style route, for function platforms. */
export function handleTrpcRequest(
  request: Request,
  options: { readonly createContext: CreateContext; readonly sourceAddress: string; readonly logger: Logger },
): Promise<Response> {
  return fetchRequestHandler({
    router: appRouter,
    req: request,
    endpoint: TRPC_PREFIX,
    createContext: () =>
      options.createContext({
        cookieHeader: request.headers.get('cookie') ?? '',
        sourceAddress: options.sourceAddress,
        fromClient: request.headers.has(CLIENT_HEADER),
      }),
    onError: ({ error, path }) => logUnexpected(options.logger, error, path),
  });
}

/** Logs what nobody foresaw; the input, which may hold secrets, is never among it. */
function logUnexpected(logger: Logger, error: { code: string; cause?: unknown }, procedure: string | undefined): void {
  if (error.code === 'INTERNAL_SERVER_ERROR') logger.error({ err: error.cause, procedure }, 'a procedure failed');
}
