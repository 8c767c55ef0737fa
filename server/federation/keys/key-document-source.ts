import { hash } from 'node:crypto';
import { keyDocumentSigningInput } from '../../../protocol/key-document.ts';
import type { PeerLimits } from '../../../protocol/key-document.ts';
import { PUBLISHED_VALIDITY_SECONDS } from '../../../protocol/limits.ts';
import { formatTimestamp } from '../../../protocol/timestamp.ts';
import type { Clock } from '../../domain/ports.ts';
import type { OwnKeys } from './own-keys.ts';

const VALIDITY_MS = PUBLISHED_VALIDITY_SECONDS * 1_000;
const RENEW_BELOW_MS = VALIDITY_MS / 2;

interface OwnKeyDocumentOptions {
  readonly ownKeys: OwnKeys;
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

/** Creates the source of our own key document, which is signed anew when half of its validity is gone. @see docs/protocol.md [KEY-2] */
export function createOwnKeyDocument(options: OwnKeyDocumentOptions): OwnKeyDocument {
  let signed = { json: '', validUntilMs: 0 };
  return {
    json() {
      const nowMs = options.clock.now().getTime();
      const remainingMs = signed.validUntilMs - nowMs;
      // More than the whole validity remains only when the clock was set back; readers would refuse it soon.
      if (remainingMs < RENEW_BELOW_MS || remainingMs > VALIDITY_MS) signed = signDocument(options, nowMs + VALIDITY_MS);
      return signed.json;
    },
  };
}

function signDocument(options: OwnKeyDocumentOptions, validUntilMs: number): { json: string; validUntilMs: number } {
  const { domain, kid, publicKey, sign } = options.ownKeys;
  const { maxBodyBytes, maxBatchItems, maxParticipants, maxMediaBytes } = options.limits;
  const members = {
    domain,
    publicKey,
    keys: [{ kid, publicKey }],
    endpoints: options.endpoints,
    protocolVersions: ['v1'],
    validUntil: formatTimestamp(new Date(validUntilMs)),
    limits: { maxBodyBytes, maxBatchItems, maxParticipants, maxMediaBytes },
    software: { name: options.software.name, version: options.software.version },
  };
  const input = keyDocumentSigningInput(members, (text) => hash('sha256', text, 'base64'));
  return { json: JSON.stringify({ ...members, signatures: { [kid]: sign(input) } }), validUntilMs };
}
