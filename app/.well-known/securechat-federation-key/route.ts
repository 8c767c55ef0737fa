import { handleKeyDocumentRequest } from '../../../server/http/federation-route.ts';
import { getInstance } from '../../../server/instance.ts';

export const dynamic = 'force-dynamic';

/** Publishes this server's federation keys [KEY-2]. */
export async function GET(request: Request): Promise<Response> {
  const { federation } = await getInstance();
  return handleKeyDocumentRequest(request, federation);
}
