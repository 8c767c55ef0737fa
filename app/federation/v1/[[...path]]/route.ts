import { handleFederationRequest } from '../../../../server/http/federation-route.ts';
import { getInstance } from '../../../../server/instance.ts';

export const dynamic = 'force-dynamic';

/** The mount of the federation handler for function platforms; the Node listener answers ahead of it. */
async function handle(request: Request): Promise<Response> {
  const instance = await getInstance();
  const source = request.headers.get(instance.sourceHeader) ?? 'unknown';
  return handleFederationRequest(request, instance.federation, source);
}

export { handle as GET, handle as HEAD, handle as OPTIONS, handle as POST, handle as PUT, handle as PATCH, handle as DELETE };
