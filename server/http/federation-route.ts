import { MAX_BODY_BYTES } from '../../protocol/limits.ts';
import type { FederationHandlers } from './federation-mount.ts';

/**
 * Answers a fetch-style request with the federation handler, for function platforms. The target is the normalised
 * one: such platforms show no other [SIG-3].
 */
export async function handleFederationRequest(request: Request, handlers: FederationHandlers, sourceAddress: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const answer = await handlers.handle({
    method: request.method,
    rawTarget: `${pathname}${search}`,
    headers: [...request.headers],
    body: await readBounded(request),
    sourceAddress,
  });
  return toResponse(answer);
}

/** Answers a fetch-style request for the key document [KEY-2]. */
export function handleKeyDocumentRequest(request: Request, handlers: FederationHandlers): Response {
  return toResponse(handlers.keyDocument(request.method));
}

function toResponse({ status, headers, body }: { status: number; headers: Readonly<Record<string, string>>; body: string }): Response {
  return new Response(body === '' ? null : body, { status, headers });
}

async function readBounded(request: Request): Promise<Uint8Array | 'too_large'> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return 'too_large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
