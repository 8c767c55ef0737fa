import { KEY_DOCUMENT_CACHE_CONTROL } from '../keys/key-document-source.ts';
import type { OwnKeyDocument } from '../keys/key-document-source.ts';
import type { FederationAnswer } from './federation-exchange.ts';

/** Creates the answer of the key document's address, which anyone may read; to HEAD the listener writes all of it but the body. @see docs/protocol.md [KEY-2] */
export function createWellKnownHandler(document: OwnKeyDocument): (method: string) => FederationAnswer {
  return (method) => {
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, headers: { allow: 'GET, HEAD' }, body: '' };
    const headers = { 'content-type': 'application/json', 'cache-control': KEY_DOCUMENT_CACHE_CONTROL };
    return { status: 200, headers, body: document.json() };
  };
}
