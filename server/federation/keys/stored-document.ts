import { KeyDocumentError, parseKeyDocument } from '../../../protocol/key-document.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import type { Peer } from '../../domain/ports.ts';
import { keepDocument } from './peer-key-state.ts';
import type { KnownDocument } from './peer-key-state.ts';

/** Reads the document that the store keeps of a peer, however old it is; null where there is none that can be read. */
export function storedDocument(peer: Peer | null): KnownDocument | null {
  if (peer === null) return null;
  const { keyDocument: json, keyFetchedAt, keyFreshUntil } = peer;
  if (json === null || keyFetchedAt === null || keyFreshUntil === null) return null;
  const document = readStored(json);
  if (document === null) return null;
  return keepDocument(document, { json, fetchedAtMs: keyFetchedAt.getTime(), freshUntilMs: keyFreshUntil.getTime() });
}

function readStored(json: string): KeyDocument | null {
  try {
    return parseKeyDocument(Buffer.from(json, 'utf8'));
  } catch (error) {
    // Stored under other rules: as good as never fetched.
    if (error instanceof KeyDocumentError) return null;
    throw error;
  }
}
