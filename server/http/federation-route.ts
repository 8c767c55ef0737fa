import { maxBodyBytesAt } from '../../protocol/endpoints.ts';
import type { Answer, FederationHandlers } from './federation-mount.ts';
import { collectBody } from './read-body.ts';

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
    body: request.body === null ? new Uint8Array() : await collectBody(request.body, maxBodyBytesAt(rawTarget)),
    sourceAddress,
  });
  return toResponse(request.method, answer);
}

/** Answers a fetch-style request for the key document [KEY-2]. */
export function handleKeyDocumentRequest(request: Request, handlers: FederationHandlers): Response {
  return toResponse(request.method, handlers.keyDocument(request.method));
}

/** HEAD states the length of what it leaves out (RFC 9110 section 9.3.2); otherwise the platform states it. */
function toResponse(method: string, { status, headers, body }: Answer): Response {
  if (method === 'HEAD') return new Response(null, { status, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } });
  return new Response(body === '' ? null : body, { status, headers });
}
