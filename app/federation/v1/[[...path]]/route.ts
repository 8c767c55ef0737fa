import { after } from 'next/server';
import { handleFederationRequest } from '../../../../server/http/federation-route.ts';
import { getInstance } from '../../../../server/instance.ts';

export const dynamic = 'force-dynamic';
export const maxDuration = 60;

/** The mount of the federation handler for function platforms; the Node listener answers ahead of it. A peer that shows itself alive gets what waits for it behind the answer [DEL-5]. */
async function handle(request: Request): Promise<Response> {
  const instance = await getInstance();
  after(instance.drainAfterRequest);
  const source = request.headers.get(instance.sourceHeader) ?? 'unknown';
  return handleFederationRequest(request, instance.federation, source);
}

export { handle as GET, handle as HEAD, handle as OPTIONS, handle as POST, handle as PUT, handle as PATCH, handle as DELETE };
