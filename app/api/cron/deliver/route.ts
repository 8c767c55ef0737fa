import { isBearer } from '../../../../server/http/bearer.ts';
import { getInstance } from '../../../../server/instance.ts';

export const dynamic = 'force-dynamic';
export const maxDuration = 60;

/** Sends all that is due and tidies up, for platforms without a resident process [DEL-5]; off without CRON_SECRET. */
export async function GET(request: Request): Promise<Response> {
  const instance = await getInstance();
  const { CRON_SECRET: secret } = instance.config;
  if (secret === null) return new Response(null, { status: 404 });
  if (!isBearer(request.headers.get('authorization'), secret)) return new Response(null, { status: 401 });
  const [counts] = await Promise.all([instance.drainOnce(), instance.tidy()]);
  return Response.json(counts);
}
