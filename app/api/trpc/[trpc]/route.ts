import { getInstance } from '../../../../server/instance.ts';
import { handleTrpcRequest } from '../../../../server/trpc/mount.ts';

export const dynamic = 'force-dynamic';

/** The mount of tRPC for function platforms; the Node listener answers ahead of it. */
async function handle(request: Request): Promise<Response> {
  const instance = await getInstance();
  return handleTrpcRequest(request, {
    createContext: instance.createTrpcContext,
    sourceAddress: request.headers.get(instance.sourceHeader) ?? 'unknown',
    logger: instance.logger,
  });
}

export { handle as GET, handle as POST };
