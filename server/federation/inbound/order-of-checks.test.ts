import { describe, expect, it } from 'vitest';
import { BATCH_TARGET, CONVERSATIONS_TARGET, EVENTS_TARGET, HELLO_TARGET, mediaTarget, MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import type { FederationAnswer, FederationRequest } from './federation-exchange.ts';
import { changeBodyOf, codeOf, createFixture, eventOf, messageBodyOf, PEER } from './testing/handler-fixture.ts';

const NONCE = 'AAAAAAAAAAAAAAAAAAAAAA';

/** A request and its surroundings, right in everything until a violation spoils one thing. */
interface Draft {
  target: string;
  suffix: string;
  method: string;
  mediaType: string;
  isTooLarge: boolean;
  headerSuffix: string;
  isBlocked: boolean;
  destination: string;
  createdOffset: number;
  mayFetchKeys: boolean;
  kid: string | null;
  isOtherSigned: boolean;
  isNonceSpent: boolean;
  mayRequest: boolean;
  body: string;
  doesVerbRefuse: boolean;
}

type Check = 'media' | 'JSON' | 'schema' | 'verb';

/** Every route, with a sound request and the checks that it has no place for. */
const ROUTES: readonly { readonly route: string; readonly method: string; readonly target: string; readonly body: object | null; readonly without: readonly Check[] }[] = [
  { route: 'messages', method: 'POST', target: MESSAGES_TARGET, body: messageBodyOf(), without: [] },
  { route: 'conversations', method: 'POST', target: CONVERSATIONS_TARGET, body: changeBodyOf('leave', { participantsToAdd: [] }), without: [] },
  { route: 'session_key', method: 'PUT', target: `${CONVERSATIONS_TARGET}/AAAAAAAAAAAAAAAAAAAAAA:a.test/session_key`, body: changeBodyOf('rotate_key'), without: [] },
  { route: 'events', method: 'POST', target: EVENTS_TARGET, body: { events: [eventOf('typing')] }, without: [] },
  // What the verbs refuse is within the results of a batch, and a hello reaches none.
  { route: 'batch', method: 'POST', target: BATCH_TARGET, body: { items: [] }, without: ['verb'] },
  { route: 'hello', method: 'POST', target: HELLO_TARGET, body: {}, without: ['schema', 'verb'] },
  { route: 'public_key', method: 'GET', target: '/federation/v1/users/bob@b.test/public_key', body: null, without: ['media', 'JSON', 'schema'] },
  { route: 'media', method: 'GET', target: mediaTarget('AAECAwQFBgcICQoLDA0ODw'), body: null, without: ['media', 'JSON', 'schema', 'verb'] },
];

const soundDraft = ({ method, target, body }: (typeof ROUTES)[number]): Draft => ({
  target, suffix: '', method, mediaType: 'application/json', isTooLarge: false, headerSuffix: '',
  isBlocked: false, destination: 'b.test', createdOffset: 0, mayFetchKeys: true, kid: null, isOtherSigned: false,
  isNonceSpent: false, mayRequest: true, body: body === null ? '' : JSON.stringify(body), doesVerbRefuse: false,
});

/** Every check in the order of [ERR-3] up to the verbs, with the one thing that it alone refuses. */
const CHECKS: readonly { readonly check: string; readonly code: string; readonly spoil: (draft: Draft) => void }[] = [
  { check: 'target form', code: 'bad_request_target', spoil: (draft) => void (draft.suffix = '/') },
  { check: 'route', code: 'not_found', spoil: (draft) => void (draft.target = '/federation/v1/nothing') },
  { check: 'method', code: 'method_not_allowed', spoil: (draft) => void (draft.method = 'DELETE') },
  { check: 'media', code: 'unsupported_media_type', spoil: (draft) => void (draft.mediaType = 'text/plain') },
  { check: 'size', code: 'body_too_large', spoil: (draft) => void (draft.isTooLarge = true) },
  { check: 'signature header', code: 'signature_malformed', spoil: (draft) => void (draft.headerSuffix = ',more="1"') },
  { check: 'local policy', code: 'domain_blocked', spoil: (draft) => void (draft.isBlocked = true) },
  { check: 'destination', code: 'misdirected', spoil: (draft) => void (draft.destination = 'c.test') },
  { check: 'created', code: 'timestamp_out_of_window', spoil: (draft) => void (draft.createdOffset = -310) },
  { check: 'rate of key fetches', code: 'rate_limited', spoil: (draft) => void (draft.mayFetchKeys = false) },
  { check: 'key', code: 'unknown_key', spoil: (draft) => void (draft.kid = 'another') },
  { check: 'signature', code: 'signature_invalid', spoil: (draft) => void (draft.isOtherSigned = true) },
  { check: 'nonce', code: 'replay_detected', spoil: (draft) => void (draft.isNonceSpent = true) },
  { check: 'rate of the origin', code: 'rate_limited', spoil: (draft) => void (draft.mayRequest = false) },
  { check: 'JSON', code: 'invalid_json', spoil: (draft) => void (draft.body = '{"a":1,"a":1}') },
  { check: 'schema', code: 'invalid_body', spoil: (draft) => void (draft.body = '{}') },
  { check: 'verb', code: 'sender_domain_mismatch', spoil: (draft) => void (draft.doesVerbRefuse = true) },
];

async function answerTo(draft: Draft): Promise<FederationAnswer> {
  const fixture = await createFixture({
    rateLimits: { ...(!draft.mayRequest && { requestBurst: 0 }), ...(!draft.mayFetchKeys && { keyFetchesPerMinute: 0 }) },
  });
  if (draft.isBlocked) fixture.blocked.add(PEER);
  if (draft.isNonceSpent) fixture.nonces.spent.set(`${PEER} ${NONCE}`, fixture.clock.now());
  if (draft.doesVerbRefuse) fixture.refusals.error = new ProtocolError('sender_domain_mismatch');
  const request = fixture.signed({
    method: draft.method, target: draft.target + draft.suffix, body: draft.body, nonce: NONCE,
    destination: parseDomain(draft.destination), createdOffset: draft.createdOffset,
    ...(draft.kid !== null && { kid: draft.kid }), ...(draft.isOtherSigned && { signedTarget: '/federation/v1' }),
  });
  return fixture.handle(spoilFraming(request, draft));
}

function spoilFraming(request: FederationRequest, draft: Draft): FederationRequest {
  const headers = request.headers.map(([name, value]): readonly [string, string] =>
    name === 'Content-Type' ? [name, draft.mediaType] : [name, value + draft.headerSuffix],
  );
  return { ...request, headers, body: draft.isTooLarge ? 'too_large' : request.body };
}

const NONCE_CHECK = CHECKS.findIndex(({ check }) => check === 'nonce');

describe.each(ROUTES)('the order of checks of $route', (route) => {
  const checks = CHECKS.filter(({ check }) => !route.without.some((other) => other === check));
  const pairs = checks.flatMap((earlier, index) => checks.slice(index + 1).map((later) => ({ earlier, later })));

  it('[ERR-3] a request that violates nothing is served, its answer signed [SIG-8]', async () => {
    const answer = await answerTo(soundDraft(route));
    expect(codeOf(answer)).toBe(route.route === 'media' ? 'unknown_media' : null);
    expect(answer.headers).toHaveProperty('x-federation-signature');
  });

  it.each(checks)('[ERR-3] a request that violates $check alone is answered $code, signed where that is after the nonce [SIG-8]', async (violated) => {
    const draft = soundDraft(route);
    violated.spoil(draft);
    const answer = await answerTo(draft);
    expect(codeOf(answer)).toBe(violated.code);
    expect('x-federation-signature' in answer.headers).toBe(CHECKS.indexOf(violated) > NONCE_CHECK);
  });

  it.each(pairs)('[ERR-3] a request that violates $earlier.check and $later.check is answered $earlier.code', async ({ earlier, later }) => {
    const draft = soundDraft(route);
    later.spoil(draft);
    earlier.spoil(draft);
    expect(codeOf(await answerTo(draft))).toBe(earlier.code);
  });
});
