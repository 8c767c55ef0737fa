import { hash } from 'node:crypto';
import { keyDocumentSigningInput } from '../../../protocol/key-document.ts';
import type { PeerLimits } from '../../../protocol/key-document.ts';
import { KEY_FRESH_SECONDS, PUBLISHED_VALIDITY_SECONDS } from '../../../protocol/limits.ts';
import { formatTimestamp } from '../../../protocol/timestamp.ts';
import type { Clock } from '../../domain/ports.ts';
import type { OwnKeys } from './own-keys.ts';
import type { SigningKey } from './signing-key.ts';

const VALIDITY_MS = PUBLISHED_VALIDITY_SECONDS * 1_000;
const RENEW_BELOW_MS = VALIDITY_MS / 2;

/**
 * Is the `Cache-Control` of our document: a minute less than verifiers may keep it, for processes that still look at
 * the former keys and for answers under way. A shared cache in between would add its own hour, so none may keep it.
 * @see docs/protocol.md [KEY-5] [KEY-6]
 */
export const KEY_DOCUMENT_CACHE_CONTROL = `private, max-age=${KEY_FRESH_SECONDS - 60}`;

interface OwnKeyDocumentOptions {
  readonly ownKeys: OwnKeys;
  /** What this server speaks beyond Core; nothing is published where it is absent. */
  readonly profile?: 'full';
  readonly limits: PeerLimits;
  /** `host:port` of the federation listener, in order of preference. */
  readonly endpoints: readonly string[];
  readonly software: { readonly name: string; readonly version: string };
  readonly clock: Clock;
}

/** The document that this server publishes about itself. */
export interface OwnKeyDocument {
  /** Gives the signed document as JSON text, valid for 3 to 6 more days. */
  json(): string;
}

/**
 * Creates the source of our own key document, which every listed key signs: anew when half of its validity is gone,
 * and as soon as another key signs or other keys are listed.
 * @see docs/protocol.md [KEY-2] [KEY-6]
 */
export function createOwnKeyDocument(options: OwnKeyDocumentOptions): OwnKeyDocument {
  let signed = { json: '', kids: '', validUntilMs: 0 };
  return {
    json() {
      const nowMs = options.clock.now().getTime();
      const keys = options.ownKeys.listed();
      const kids = keys.map(({ kid }) => kid).join(' ');
      const remainingMs = signed.validUntilMs - nowMs;
      // More than the whole validity remains only when the clock was set back; readers would refuse it soon.
      const isOutOfDate = remainingMs < RENEW_BELOW_MS || remainingMs > VALIDITY_MS || kids !== signed.kids;
      if (isOutOfDate) signed = { json: signDocument(options, keys, nowMs + VALIDITY_MS), kids, validUntilMs: nowMs + VALIDITY_MS };
      return signed.json;
    },
  };
}

function signDocument(options: OwnKeyDocumentOptions, keys: readonly SigningKey[], validUntilMs: number): string {
  const { maxBodyBytes, maxBatchItems, maxParticipants, maxMediaBytes } = options.limits;
  const members = {
    domain: options.ownKeys.domain,
    // The current key stands first: asked for apart, it might be another one by now.
    publicKey: keys[0]?.publicKey ?? options.ownKeys.current().publicKey,
    keys: keys.map(({ kid, publicKey }) => ({ kid, publicKey })),
    endpoints: options.endpoints,
    protocolVersions: ['v1'],
    validUntil: formatTimestamp(new Date(validUntilMs)),
    ...(options.profile !== undefined && { profile: options.profile }),
    limits: { maxBodyBytes, maxBatchItems, maxParticipants, maxMediaBytes },
    software: { name: options.software.name, version: options.software.version },
  };
  const input = keyDocumentSigningInput(members, (text) => hash('sha256', text, 'base64'));
  const signatures = Object.fromEntries(keys.map((key) => [key.kid, key.sign(input)]));
  return JSON.stringify({ ...members, signatures });
}
