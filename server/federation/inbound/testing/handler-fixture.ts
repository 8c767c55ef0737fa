import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { decodeBase64, encodeBase64Url } from '../../../../protocol/base64.ts';
import { canonicalRequest } from '../../../../protocol/canonical-string.ts';
import { MESSAGES_TARGET } from '../../../../protocol/endpoints.ts';
import { parseDomain, parseKeyId, parseMessageId } from '../../../../protocol/ids.ts';
import type { Domain, MessageId } from '../../../../protocol/ids.ts';
import { formatSignatureHeader } from '../../../../protocol/signature-header.ts';
import { formatTimestamp } from '../../../../protocol/timestamp.ts';
import { ProtocolError } from '../../../../protocol/errors.ts';
import type { MessageBody } from '../../../../protocol/schemas/message-body.ts';
import type { MessageVerdict } from '../../../domain/messages/accept-messages.ts';
import type { NonceStore } from '../../../domain/ports.ts';
import { unobservedTraffic } from '../../../domain/traffic-observer.ts';
import type { KeyDocumentVerdict } from '../../keys/fetch-key-document.ts';
import type { OwnKeys } from '../../keys/own-keys.ts';
import { createPeerKeys } from '../../keys/peer-keys.ts';
import { createStrictEd25519 } from '../../keys/strict-ed25519.ts';
import { createFakeClock, START } from '../../keys/testing/fake-clock.ts';
import { createFakePeers } from '../../keys/testing/fake-peers.ts';
import { documentOf, makeKeys } from '../../keys/testing/peer-documents.ts';
import type { FederationAnswer, FederationRequest } from '../federation-exchange.ts';
import { createFederationHandler } from '../handler.ts';
import type { RateLimitSettings } from '../rate-limits.ts';
import type { FederationVerbs } from '../routes/route.ts';

export const OURS = parseDomain('b.test');
export const PEER = parseDomain('a.test');
export const MESSAGE_ID: MessageId = parseMessageId('01940000-0000-7000-8000-000000000001');

function createFakeNonces(): NonceStore & { readonly spent: Map<string, Date>; fails: boolean } {
  const spent = new Map<string, Date>();
  return {
    spent,
    fails: false,
    async accept({ keyId, nonce, expiresAt }) {
      if (this.fails) throw new Error('the database is gone');
      if (spent.has(`${keyId} ${nonce}`)) return false;
      spent.set(`${keyId} ${nonce}`, expiresAt);
      return true;
    },
    deleteExpired: async () => 0,
  };
}

interface SignOptions {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string | Uint8Array;
  readonly keys?: OwnKeys;
  readonly kid?: string;
  readonly destination?: Domain;
  readonly createdOffset?: number;
  readonly nonce?: string;
  /** The target that is signed, where another one is sent. */
  readonly signedTarget?: string;
}

type VerbCall = readonly [verb: keyof FederationVerbs, ...args: readonly unknown[]];

/** A handler on real keys and fakes that show what reached them. */
export async function createFixture(options: { rateLimits?: Partial<RateLimitSettings>; servedBesides?: readonly Domain[] } = {}) {
  const clock = createFakeClock();
  const peers = createFakePeers();
  const nonces = createFakeNonces();
  const ed25519 = createStrictEd25519();
  const ownKeys = await makeKeys(OURS);
  const peerOwnKeys = await makeKeys(PEER);
  const published = new Map<Domain, OwnKeys | KeyDocumentVerdict>([[PEER, peerOwnKeys]]);
  const calls: VerbCall[] = [];
  const fetches: Domain[] = [];
  const blocked = new Set<Domain>();
  const isBlocked = { answer: async (domain: Domain): Promise<boolean> => blocked.has(domain) };
  const logLines: string[] = [];
  const refusals: { error: Error | null; ofMessage: (body: MessageBody) => ProtocolError | null } = { error: null, ofMessage: () => null };
  const wakes = { count: 0 };
  let nextNonce = 0;
  let nextRandomByte = 0xab;

  const note = (call: VerbCall): void => {
    calls.push(call);
    if (refusals.error !== null) throw refusals.error;
  };
  const verbs: FederationVerbs = {
    async findPublicIdentity(userId) {
      note(['findPublicIdentity', userId]);
      return { publicKey: Buffer.alloc(32, 7).toString('base64') };
    },
    acceptMessages: (bodies, origin, ticket) =>
      ticket.spendWith(async (nonce) => {
        // As the store does: the nonce first, and nothing where it is known.
        const { error } = refusals;
        if (error !== null && !(error instanceof ProtocolError)) throw error;
        if (nonce !== null && !(await nonces.accept(nonce))) return 'replayed';
        return bodies.map((body): MessageVerdict => {
          const refusal = refusals.ofMessage(body);
          if (refusal !== null) return refusal;
          calls.push(['acceptMessages', body, origin]);
          return error ?? { status: 'accepted', messageId: body.messageId ?? MESSAGE_ID };
        });
      }),
    async acceptChange(body, origin) {
      note(['acceptChange', body, origin]);
      return { status: body.action === 'create' ? 'created' : 'updated', conversationId: body.conversationId };
    },
    async acceptEvents(events, origin) {
      note(['acceptEvents', events, origin]);
    },
  };

  async function fetchDocument(domain: Domain): Promise<KeyDocumentVerdict> {
    fetches.push(domain);
    const source = published.get(domain);
    if (source === undefined) return { kind: 'unreachable', detail: 'nobody there' };
    return 'kind' in source ? source : documentOf(source, clock.now());
  }

  const handle = createFederationHandler({
    servedDomains: new Set([OURS, ...(options.servedBesides ?? [])]),
    ownKeys,
    verbs,
    isBlocked: (domain) => isBlocked.answer(domain),
    peerKeys: createPeerKeys({ peers, fetchDocument, clock }),
    ed25519,
    nonces,
    peers,
    waker: { wake: () => void (wakes.count += 1) },
    traffic: unobservedTraffic,
    clock,
    randomBytes: (length) => new Uint8Array(length).fill(nextRandomByte++),
    logger: pino({ level: 'trace' }, { write: (line: string) => void logLines.push(line) }),
    rateLimits: options.rateLimits ?? {},
  });

  /** Builds a request that is right in every way the options do not spoil. */
  function signed(sign: SignOptions = {}): FederationRequest {
    const { method = 'POST', target = MESSAGES_TARGET, keys = peerOwnKeys, destination = OURS } = sign;
    const body = typeof sign.body === 'object' ? sign.body : Buffer.from(sign.body ?? (method === 'GET' ? '' : JSON.stringify(messageBodyOf())));
    const nonce = sign.nonce ?? encodeBase64Url(createHash('sha256').update(String(nextNonce++)).digest().subarray(0, 16));
    const fields = {
      keyId: keys.domain, kid: parseKeyId(sign.kid ?? keys.current().kid), destination, nonce,
      created: Math.floor(clock.now().getTime() / 1_000) + (sign.createdOffset ?? 0),
    };
    const bodySha256 = createHash('sha256').update(body).digest('base64');
    const signature = keys.current().sign(canonicalRequest({ ...fields, method, target: sign.signedTarget ?? target, bodySha256 }));
    const header = formatSignatureHeader({ ...fields, signature: decodeBase64(signature) });
    const media: FederationRequest['headers'] = method === 'GET' ? [] : [['Content-Type', 'application/json']];
    return { method, rawTarget: target, headers: [...media, ['X-Federation-Signature', header]], body, sourceAddress: '192.0.2.1' };
  }

  /** Sends a request and gives the code of its refusal, or its status; says so where a refused one reached a verb. */
  async function outcomeOf(request: FederationRequest): Promise<string | number> {
    const callsBefore = calls.length;
    const answer = await handle(request);
    const code = codeOf(answer);
    if (code === null) return answer.status;
    if (answer.headers['content-type'] !== 'application/problem+json') return `${code} of the wrong media type`;
    return calls.length === callsBefore ? code : `${code} after a verb`;
  }

  return { clock, outcomeOf, peers, nonces, published, calls, fetches, blocked, isBlocked, logLines, refusals, wakes, handle, signed, ed25519, ownKeys, peerOwnKeys, verbs };
}

/** A message that a.test may send. */
export function messageBodyOf(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    messageId: MESSAGE_ID,
    conversationId: 'AAAAAAAAAAAAAAAAAAAAAA:a.test',
    senderId: 'alice@a.test',
    recipientServerDomain: OURS,
    payload: {
      nonce: Buffer.alloc(12, 1).toString('base64'),
      ciphertext: Buffer.from('marker-of-the-body').toString('base64'),
      authTag: Buffer.alloc(16, 2).toString('base64'),
      associatedData: { v: 1, extra: ['kept'] },
    },
    timestamp: formatTimestamp(START),
    ...changes,
  };
}

/** A change that a.test may send. */
export function changeBodyOf(action: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    conversationId: 'AAAAAAAAAAAAAAAAAAAAAA:a.test',
    action,
    initiatorId: 'alice@a.test',
    participantsToAdd: [{ userId: 'bob@b.test', encryptedSessionKey: Buffer.alloc(105, 1).toString('base64') }],
    allParticipants: ['alice@a.test', 'bob@b.test'],
    timestamp: formatTimestamp(START),
    ...changes,
  };
}

/** An event that a.test may send. */
export function eventOf(type: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { type, conversationId: 'AAAAAAAAAAAAAAAAAAAAAA:a.test', userId: 'alice@a.test', timestamp: formatTimestamp(START), ...changes };
}

/** Reads the code of a problem document, null for a success. */
export function codeOf(answer: FederationAnswer): string | null {
  if (answer.status < 400) return null;
  const document: unknown = JSON.parse(answer.body);
  return typeof document === 'object' && document !== null && 'code' in document ? String(document.code) : 'no problem document';
}
