export const dynamic = 'force-dynamic';

/** Answers that the function runs. */
export function GET(): Response {
  return Response.json({ status: 'alive' });
}
