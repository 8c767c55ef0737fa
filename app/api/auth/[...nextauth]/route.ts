import NextAuth from 'next-auth';
import type { NextRequest } from 'next/server';
import { getInstance } from '../../../../server/instance.ts';

export const dynamic = 'force-dynamic';

interface RouteContext {
  readonly params: Promise<{ readonly nextauth: string[] }>;
}

async function handle(request: NextRequest, context: RouteContext): Promise<Response> {
  const { authOptions } = await getInstance();
  return NextAuth(request, context, authOptions);
}

export { handle as GET, handle as POST };
