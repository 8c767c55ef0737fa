import { after } from 'next/server';
import { getInstance } from '../../../../server/instance.ts';
import { handleTrpcRequest } from '../../../../server/trpc/mount.ts';

export const dynamic = 'force-dynamic';
export const maxDuration = 60;

/** The mount of tRPC for function platforms; the Node listener answers ahead of it. What a request queued leaves behind its answer [DEL-5]. */
async function handle(request: Request): Promise<Response> {
  const instance = await getInstance();
  after(instance.drainAfterRequest);
  return handleTrpcRequest(request, {
    createContext: instance.createTrpcContext,
    sourceAddress: request.headers.get(instance.sourceHeader) ?? 'unknown',
    logger: instance.logger,
  });
}

export { handle as GET, handle as POST };
