import type { IncomingMessage } from 'node:http';
import { createByteCollector } from '../../protocol/byte-collector.ts';

/**
 * Reads a whole body into memory, giving up at the first byte beyond `maxBytes`. Rejects when the request is cut off.
 * @see docs/protocol.md [SIG-11]
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | 'too_large'> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return 'too_large';
  // Giving up must not destroy the connection: the sender is owed an answer.
  return collectBody(request.iterator({ destroyOnReturn: false }), maxBytes);
}

/** Joins the chunks of a body, leaving the rest where it is at the first byte beyond `maxBytes`. @see docs/protocol.md [SIG-11] */
export async function collectBody(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array | 'too_large'> {
  const collector = createByteCollector(maxBytes);
  for await (const chunk of chunks) {
    if (!collector.add(chunk)) return 'too_large';
  }
  return collector.bytes();
}
