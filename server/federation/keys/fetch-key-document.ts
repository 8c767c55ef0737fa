import { KEY_DOCUMENT_PATH } from '../../../protocol/endpoints.ts';
import type { Domain } from '../../../protocol/ids.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import { MAX_KEY_DOCUMENT_BYTES } from '../../../protocol/limits.ts';
import type { Clock } from '../../domain/ports.ts';
import type { GuardedAnswer, GuardedRequest } from '../discovery/guarded-request.ts';
import { HTTPS_PORT } from '../discovery/peer-connector.ts';
import { readCacheControl } from './cache-control.ts';
import { checkKeyDocument } from './check-key-document.ts';
import type { KeyDocumentFault } from './check-key-document.ts';
import type { StrictEd25519 } from './strict-ed25519.ts';

/**
 * What a fetch of a key document came to: `invalid` and `gone` are the domain's own word, `unreachable` says nothing
 * about its keys. `maxAgeSeconds` is null where the answer names none.
 * @see docs/protocol.md [KEY-3]
 */
export type KeyDocumentVerdict =
  | { readonly kind: 'document'; readonly document: KeyDocument; readonly json: string; readonly maxAgeSeconds: number | null }
  | { readonly kind: 'invalid'; readonly why: KeyDocumentFault | 'too_large' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreachable'; readonly detail: string };

interface FetchKeyDocumentOptions {
  readonly guardedRequest: GuardedRequest;
  /** Where the documents of some domains are served instead of port 443 of the domain [DISC-1]. */
  readonly staticPeers: ReadonlyMap<Domain, { readonly host: string; readonly port: number }>;
  readonly ed25519: StrictEd25519;
  readonly clock: Clock;
}

/**
 * Creates the fetch of a domain's key document: over TLS that proves the domain, checked whole, never throwing for
 * what a peer does.
 * @see docs/protocol.md [KEY-2] [KEY-3] [DISC-5]
 */
export function createFetchKeyDocument(options: FetchKeyDocumentOptions): (domain: Domain) => Promise<KeyDocumentVerdict> {
  const { guardedRequest, staticPeers, ed25519, clock } = options;
  return async (domain) => {
    const { host, port } = staticPeers.get(domain) ?? { host: domain, port: HTTPS_PORT };
    const answer = await guardedRequest({
      host,
      port,
      serverName: domain,
      poolKey: domain,
      method: 'GET',
      target: KEY_DOCUMENT_PATH,
      headers: { accept: 'application/json' },
      maxAnswerBytes: MAX_KEY_DOCUMENT_BYTES,
    });
    return judge(answer, (body) => checkKeyDocument(body, { domain, now: clock.now(), ed25519 }));
  };
}

function judge(answer: GuardedAnswer, check: (body: Uint8Array) => ReturnType<typeof checkKeyDocument>): KeyDocumentVerdict {
  if (answer.kind !== 'answer') {
    // Its size is the document's own fault; everything else is the way's.
    if (answer.reason === 'too_large') return { kind: 'invalid', why: 'too_large' };
    return { kind: 'unreachable', detail: `${answer.reason}: ${answer.detail}` };
  }
  if (answer.status === 404 || answer.status === 410) return { kind: 'gone' };
  if (answer.status !== 200) return { kind: 'unreachable', detail: `status ${answer.status}` };
  const checked = check(answer.body);
  if (checked.kind === 'invalid') return checked;
  const json = Buffer.from(answer.body).toString('utf8');
  return { ...checked, json, maxAgeSeconds: readCacheControl(answer.headers['cache-control']).maxAgeSeconds };
}
