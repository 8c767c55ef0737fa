import { describe, expect, it } from 'vitest';
import { CONVERSATIONS_TARGET, MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import type { FederationRequest } from './federation-exchange.ts';
import { codeOf, createFixture, messageBodyOf, PEER } from './testing/handler-fixture.ts';

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

const soundDraft = (): Draft => ({
  target: MESSAGES_TARGET, suffix: '', method: 'POST', mediaType: 'application/json', isTooLarge: false, headerSuffix: '',
  isBlocked: false, destination: 'b.test', createdOffset: 0, mayFetchKeys: true, kid: null, isOtherSigned: false,
  isNonceSpent: false, mayRequest: true, body: JSON.stringify(messageBodyOf()), doesVerbRefuse: false,
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

async function codeFor(draft: Draft): Promise<string | null> {
  const fixture = await createFixture({
    rateLimits: { ...(!draft.mayRequest && { requestBurst: 0 }), ...(!draft.mayFetchKeys && { keyFetchesPerMinute: 0 }) },
  });
  if (draft.isBlocked) fixture.blocked.add(PEER);
  if (draft.isNonceSpent) fixture.nonces.spent.set(`${PEER} ${NONCE}`, fixture.clock.now());
  if (draft.doesVerbRefuse) fixture.refusals.error = new ProtocolError('sender_domain_mismatch');
  const request = fixture.signed({
    method: draft.method, target: draft.target + draft.suffix, body: draft.body, nonce: NONCE,
    destination: parseDomain(draft.destination), createdOffset: draft.createdOffset,
    ...(draft.kid !== null && { kid: draft.kid }), ...(draft.isOtherSigned && { signedTarget: CONVERSATIONS_TARGET }),
  });
  return codeOf(await fixture.handle(spoilFraming(request, draft)));
}

function spoilFraming(request: FederationRequest, draft: Draft): FederationRequest {
  const headers = request.headers.map(([name, value]): readonly [string, string] =>
    name === 'Content-Type' ? [name, draft.mediaType] : [name, value + draft.headerSuffix],
  );
  return { ...request, headers, body: draft.isTooLarge ? 'too_large' : request.body };
}

const pairs = CHECKS.flatMap((earlier, index) => CHECKS.slice(index + 1).map((later) => ({ earlier, later })));

describe('the order of checks', () => {
  it('[ERR-3] a request that violates nothing is served', async () => {
    expect(await codeFor(soundDraft())).toBeNull();
  });

  it.each(CHECKS)('[ERR-3] a request that violates $check alone is answered $code', async ({ code, spoil }) => {
    const draft = soundDraft();
    spoil(draft);
    expect(await codeFor(draft)).toBe(code);
  });

  it.each(pairs)('[ERR-3] a request that violates $earlier.check and $later.check is answered $earlier.code', async ({ earlier, later }) => {
    const draft = soundDraft();
    later.spoil(draft);
    earlier.spoil(draft);
    expect(await codeFor(draft)).toBe(earlier.code);
  });
});
