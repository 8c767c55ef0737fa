import type { IncomingMessage } from 'node:http';

/**
 * Reads a whole body into memory, giving up at the first byte beyond `maxBytes`. Rejects when the request is cut off.
 * @see docs/protocol.md [SIG-11]
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | 'too_large'> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return 'too_large';
  const chunks: Buffer[] = [];
  let length = 0;
  // Giving up must not destroy the connection: the sender is owed an answer.
  const incoming: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length > maxBytes) return 'too_large';
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
}
