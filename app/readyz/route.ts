import { getInstance } from '../../server/instance.ts';

export const dynamic = 'force-dynamic';

/** Answers whether the instance can serve: 503 names what is missing. */
export async function GET(): Promise<Response> {
  const instance = await getInstance();
  const fault = await instance.readiness.findFault();
  return fault === null ? Response.json({ status: 'ready' }) : Response.json({ status: 'unavailable', cause: fault }, { status: 503 });
}
