import { createHash } from 'node:crypto';
import { decodeBase64 } from '../../protocol/base64.ts';
import { canonicalRequest, canonicalResponse } from '../../protocol/canonical-string.ts';
import { parseDomain, parseKeyId } from '../../protocol/ids.ts';
import type { Domain, KeyId } from '../../protocol/ids.ts';
import { keyDocumentSigningInput } from '../../protocol/key-document.ts';
import { formatSignatureHeader, parseSignatureHeader, SIGNATURE_HEADER } from '../../protocol/signature-header.ts';
import { encodeUtf8 } from '../../e2ee/bytes.ts';
import { ed25519KeyPairFromSeed, signEd25519, verifyEd25519, verifyEd25519Fast } from '../../e2ee/strict-nacl.ts';
import { authenticateRequest, readSignature } from '../../server/federation/inbound/authenticate-request.ts';
import type { RequestNonce } from '../../server/domain/messages/message-store.ts';
import type { NonceStore } from '../../server/domain/ports.ts';
import { createNonceTicket } from '../../server/federation/inbound/nonce-ticket.ts';
import { checkKeyDocument } from '../../server/federation/keys/check-key-document.ts';
import type { PeerKeyAnswer } from '../../server/federation/keys/peer-keys.ts';
import { createStrictEd25519 } from '../../server/federation/keys/strict-ed25519.ts';
import { createAuthenticateAnswer } from '../../server/federation/outbound/authenticate-answer.ts';
import { accepted, attempt, refused } from './outcome.ts';
import type { Judge, VectorContext } from './outcome.ts';
import { bytesOf, hex } from './text-judges.ts';

const ed25519 = createStrictEd25519();
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

interface Signed {
  readonly keyId: string;
  readonly destination: string;
  readonly kid: string;
  readonly created: number;
  readonly nonce: string;
  readonly key: string;
  readonly bodyHex: string;
}

type Exchange = { readonly body: string; readonly headers: readonly string[]; readonly now: string };
type KidsOfDomains = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface RequestGiven {
  readonly servedDomains: readonly string[];
  readonly blockedDomains: readonly string[];
  readonly listedKeys: KidsOfDomains;
  readonly spentNonces: readonly { readonly keyId: string; readonly nonce: string }[];
}

/** Judges everything that is signed with the key of a server. */
export const EXCHANGE_JUDGES: Readonly<Record<string, Judge>> = {
  SignatureHeader: ({ value }: { value: string }) =>
    attempt(() => {
      const { signature, ...rest } = parseSignatureHeader(value);
      return { ...rest, signatureHex: hex(signature) };
    }),

  CanonicalRequest: (input: Signed & { method: string; target: string }, { keys }: VectorContext) => attempt(() => signedText(input, canonicalRequest({ ...coverOf(input), method: input.method, target: input.target }), keys)),

  CanonicalAnswer: (input: Signed & { status: number }, { keys }: VectorContext) => attempt(() => signedText(input, canonicalResponse({ ...coverOf(input), status: input.status }), keys)),

  SignedRequest: (input: Exchange & { method: string; target: string }, { given }: VectorContext<RequestGiven>) =>
    attempt(async () => {
      const headers = input.headers.map((value): [string, string] => ['X-Federation-Signature', value]);
      const servedDomains = new Set(given.servedDomains.map(parseDomain));
      const signature = readSignature(headers, servedDomains);
      const body = Buffer.from(input.body);
      const request = { method: input.method, rawTarget: input.target, headers, body, sourceAddress: '192.0.2.1' };
      const now = new Date(input.now);
      await authenticateRequest({ request, body, signature }, authentication(given, { servedDomains, now }));
      await createNonceTicket(signature, { nonces: spentNonces(given), clock: { now: () => now } }).spend();
      return {};
    }),

  async SignedAnswer(input: Exchange & { status: number }, { given }: VectorContext<{ called: string; own: string; nonce: string; listedKeys: Readonly<Record<string, string>> }>) {
    const { called, own, nonce, listedKeys } = given;
    const authenticate = createAuthenticateAnswer({
      ownKeys: { domain: parseDomain(own) }, peerKeys: listedPeerKeys({ [called]: listedKeys }), ed25519, clock: { now: () => new Date(input.now) },
    });
    // Node joins the lines of a repeated header with a comma and a blank.
    const headers = input.headers.length === 0 ? {} : { [SIGNATURE_HEADER]: input.headers.join(', ') };
    const proof = await authenticate({ status: input.status, headers, body: Buffer.from(input.body) }, { peer: parseDomain(called), nonce });
    if (proof.kind === 'authentic') return accepted();
    return refused({ reason: proof.kind === 'unsigned' ? 'unsigned' : proof.fault });
  },

  async StrictEd25519({ publicKeyHex, messageHex, signatureHex }: { publicKeyHex: string; messageHex: string; signatureHex: string }) {
    const [publicKey, message, signature] = [bytesOf(publicKeyHex), bytesOf(messageHex), bytesOf(signatureHex)];
    const ours = [ed25519.verify({ publicKey, message, signature }), verifyEd25519(publicKey, message, signature), await verifyEd25519Fast(publicKey, message, signature)];
    if (new Set(ours).size !== 1) return refused({ reason: `the three verifiers disagree: ${ours.join()}` });
    return ours[0] === true ? accepted() : refused({ code: 'signature_invalid' });
  },

  KeyDocument({ document }: { document: string }, { given }: VectorContext<{ domain: string; now: string }>) {
    const checked = checkKeyDocument(encodeUtf8(document), { domain: parseDomain(given.domain), now: new Date(given.now), ed25519 });
    if (checked.kind === 'invalid') return refused({ code: 'unknown_key', reason: checked.why });
    const { keys, profile = null, endpoints, limits, received } = checked.document;
    const signed = keyDocumentSigningInput(received, (text) => sha256(encodeUtf8(text)));
    return accepted({ kids: keys.map(({ kid }) => kid), profile, endpoints, limits, signedText: signed });
  },
};

function coverOf({ keyId, destination, kid, created, nonce, bodyHex }: Signed) {
  return { keyId: parseDomain(keyId), destination: parseDomain(destination), kid: parseKeyId(kid), created, nonce, bodySha256: sha256(bytesOf(bodyHex)) };
}

function signedText(input: Signed, canonical: string, keys: VectorContext['keys']) {
  const { secretKey } = ed25519KeyPairFromSeed(bytesOf(keys[input.key]?.privateHex ?? ''));
  const signature = signEd25519(secretKey, encodeUtf8(canonical));
  const { bodySha256, ...parameters } = coverOf(input);
  return {
    bodySha256, canonical, canonicalHex: hex(encodeUtf8(canonical)), signature: Buffer.from(signature).toString('base64'),
    header: formatSignatureHeader({ ...parameters, signature }),
  };
}

function authentication(given: RequestGiven, { servedDomains, now }: { servedDomains: ReadonlySet<Domain>; now: Date }): Parameters<typeof authenticateRequest>[1] {
  return {
    servedDomains,
    isBlocked: async (domain) => given.blockedDomains.includes(domain),
    peerKeys: listedPeerKeys(given.listedKeys),
    ed25519,
    rateLimits: { takeKeyFetch: () => null, takeRequest: () => null, giveBackRequest: () => undefined },
    clock: { now: () => now },
  };
}

function spentNonces({ spentNonces: known }: RequestGiven): NonceStore {
  const isSpent = ({ keyId, nonce }: RequestNonce): boolean => known.some((spent) => spent.keyId === keyId && spent.nonce === nonce);
  return { accept: async (nonce) => !isSpent(nonce), deleteExpired: async () => 0 };
}

function listedPeerKeys(listed: KidsOfDomains) {
  const find = async (domain: Domain, kid: KeyId): Promise<PeerKeyAnswer> => {
    const publicKey = listed[domain]?.[kid];
    return publicKey === undefined ? { kind: 'unknown_key' } : { kind: 'key', publicKey: decodeBase64(publicKey), stale: false };
  };
  return {
    findKey: find,
    refetch: async () => undefined,
    refetchAfterFailure: find,
    endpoints: async () => 'absent' as const,
    describe: async () => ({ kind: 'unavailable' as const, detail: '' }),
    saveDocument: async () => undefined,
  };
}
