import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { parseDomain } from '../../../protocol/ids.ts';
import { canonicalizeJson, parseStrictJson } from '../../../protocol/json.ts';
import type { JsonObject } from '../../../protocol/json.ts';
import { keyDocumentSigningInput, parseKeyDocument } from '../../../protocol/key-document.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import { MAX_JSON_DEPTH, MAX_KEY_DOCUMENT_BYTES } from '../../../protocol/limits.ts';
import { checkKeyDocument } from '../../../server/federation/keys/check-key-document.ts';
import { createStrictEd25519 } from '../../../server/federation/keys/strict-ed25519.ts';
import { createCampaign } from '../support/campaign.ts';
import { mustEqual } from '../support/faults.ts';
import { mutateBytes, mutateText, swellText } from '../support/mutate.ts';
import { createRandom } from '../support/random.ts';
import type { Random } from '../support/random.ts';
import { exchangeMember, makeJson, oddToken, spellJson } from '../support/valid-json.ts';

const DOMAIN = parseDomain('a.test');
const NOW = new Date('2026-11-18T11:06:40.000Z');
const DOCUMENTS = 60;
const utf8 = new TextEncoder();
const ed25519 = createStrictEd25519();
const sha256Base64 = (text: string): string => hash('sha256', text, 'base64');

/** Documents that are right in every way, with keys made for this run: what they say is fixed by the seed of their own. */
const documents: readonly JsonObject[] = makeDocuments(createRandom(1, 'key documents'));
const signedContents: ReadonlySet<string> = new Set(documents.map(canonicalizeJson));

function makeDocuments(random: Random): readonly JsonObject[] {
  const pairs = Array.from({ length: 4 }, () => generateKeyPairSync('ed25519'));
  const keys = pairs.map(({ publicKey }, index) => ({ kid: `k${index}`, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64') }));
  return Array.from({ length: DOCUMENTS }, () => {
    const listed = keys.slice(0, 1 + random.below(keys.length));
    const members: JsonObject = {
      domain: DOMAIN,
      publicKey: random.pick(listed).publicKey,
      keys: listed,
      protocolVersions: random.once(2) ? ['v1'] : ['v2', 'v1'],
      validUntil: '2026-11-24T11:06:40.000Z',
      ...(random.once(2) && { endpoints: ['s2s.a.test:8448', 'A-b.test:1'].slice(random.below(2)) }),
      ...(random.once(2) && { profile: random.pick(['full', 'core', 'other']) }),
      ...(random.once(2) && { limits: { maxBodyBytes: random.below(300_000), maxBatchItems: random.below(100) } }),
      ...(random.once(3) && { software: { name: 'é😀', version: '1' } }),
      ...(random.once(2) && { more: makeJson(random) }),
    };
    const input = Buffer.from(keyDocumentSigningInput(members, sha256Base64));
    const signatures = Object.fromEntries(
      pairs.slice(0, listed.length).map(({ privateKey }, index) => [`k${index}`, sign(null, input, privateKey).toString('base64')]),
    );
    return { ...members, signatures };
  });
}

/**
 * Key documents: what is accepted says, member for member, what one of the signed documents says, in whatever spelling;
 * its canonical form is accepted too. Every other spelling of a signed document is accepted.
 * @see docs/protocol.md [KEY-2] [KEY-3]
 */
export const keyDocuments = createCampaign<{ readonly bytes: Uint8Array; readonly isSigned: boolean }, KeyDocument>({
  name: 'key documents',
  cases: 40_000,
  generate,
  parse({ bytes }) {
    const checked = checkKeyDocument(bytes, { domain: DOMAIN, now: NOW, ed25519 });
    return checked.kind === 'document' ? checked.document : null;
  },
  confirm(_, document) {
    const canonical = canonicalizeJson(document.received);
    mustEqual(signedContents.has(canonical), true, 'what was signed');
    mustEqual(canonicalOf(parseKeyDocument(utf8.encode(canonical))), canonicalOf(document), 'the document read again');
  },
  confirmRefused: ({ isSigned }) => mustEqual(isSigned, false, 'the verdict on a signed document'),
});

/** Compares as signatures do, to which -0 is 0. */
function canonicalOf(document: KeyDocument): string {
  return canonicalizeJson(parseStrictJson(utf8.encode(JSON.stringify(document)), { maxDepth: MAX_JSON_DEPTH + 1 }));
}

function generate(random: Random): { readonly bytes: Uint8Array; readonly isSigned: boolean } {
  const document = random.pick(documents);
  const spelt = spellJson(random, document);
  if (random.once(8)) return { bytes: utf8.encode(spelt), isSigned: true };
  if (random.once(1_000)) return { bytes: utf8.encode(swellText(random, spelt, MAX_KEY_DOCUMENT_BYTES)).subarray(0, MAX_KEY_DOCUMENT_BYTES), isSigned: false };
  const others = [spellJson(random, random.pick(documents)), oddToken(random)];
  switch (random.below(4)) {
    case 0:
      return { bytes: mutateBytes(random, utf8.encode(spelt), others.map((text) => utf8.encode(text))), isSigned: false };
    case 1:
      return { bytes: utf8.encode(mutateText(random, spelt, others)), isSigned: false };
    case 2: // signatures or keys of another document
      return { bytes: utf8.encode(spellJson(random, { ...document, ...pickMembers(random, random.pick(documents)) })), isSigned: false };
    default:
      return { bytes: utf8.encode(spellJson(random, exchangeMember(random, document, MAX_KEY_DOCUMENT_BYTES))), isSigned: false };
  }
}

function pickMembers(random: Random, document: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(() => random.once(3)));
}
