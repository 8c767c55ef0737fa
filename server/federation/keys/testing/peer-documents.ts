import type { Domain, KeyId } from '../../../../protocol/ids.ts';
import { checkKeyDocument } from '../check-key-document.ts';
import type { KeyDocumentVerdict } from '../fetch-key-document.ts';
import { createOwnKeyDocument } from '../key-document-source.ts';
import { loadOwnKeys } from '../own-keys.ts';
import type { OwnKeys } from '../own-keys.ts';
import { generateKeyPem } from '../signing-key.ts';
import { createStrictEd25519 } from '../strict-ed25519.ts';

/** Makes a real key for a domain. */
export async function makeKeys(domain: Domain): Promise<OwnKeys> {
  return loadOwnKeys({ domain, pem: generateKeyPem() });
}

/** Gives the same key under another name. */
export function renameKey(ownKeys: OwnKeys, kid: KeyId): OwnKeys {
  const key = { ...ownKeys.current(), kid };
  return { domain: ownKeys.domain, current: () => key, listed: () => [key] };
}

/** Publishes a domain's own document as its server would, and reads it as a peer does. */
export function documentOf(ownKeys: OwnKeys, now: Date, maxAgeSeconds: number | null = 3_600): KeyDocumentVerdict {
  const json = ownDocumentJson(ownKeys, now);
  const checked = checkKeyDocument(Buffer.from(json), { domain: ownKeys.domain, now, ed25519: createStrictEd25519() });
  return checked.kind === 'document' ? { ...checked, json, maxAgeSeconds } : checked;
}

/** Gives the text of a domain's own document. */
export function ownDocumentJson(ownKeys: OwnKeys, now: Date): string {
  const limits = { maxBodyBytes: 262_144, maxBatchItems: 100, maxParticipants: 256, maxMediaBytes: 0 };
  const software = { name: 'SecureChat', version: '0.1.0' };
  return createOwnKeyDocument({ ownKeys, limits, endpoints: [`${ownKeys.domain}:443`], software, clock: { now: () => now } }).json();
}
