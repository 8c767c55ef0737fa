import { maxBodyBytesAt } from '../../protocol/endpoints.ts';
import type { FederationHandlers } from './federation-mount.ts';

/**
 * Answers a fetch-style request with the federation handler, for function platforms. The target is the normalised
 * one: such platforms show no other [SIG-3].
 */
export async function handleFederationRequest(request: Request, handlers: FederationHandlers, sourceAddress: string): Promise<Response> {
  const { href, origin } = new URL(request.url);
  // The text of the URL, not its parts: an empty query is a query too.
  const rawTarget = href.slice(origin.length);
  const answer = await handlers.handle({
    method: request.method,
    rawTarget,
    headers: [...request.headers],
    body: await readBounded(request, maxBodyBytesAt(rawTarget)),
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

async function readBounded(request: Request, maxBytes: number): Promise<Uint8Array | 'too_large'> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > maxBytes) return 'too_large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
