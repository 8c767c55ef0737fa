import { FEDERATION_PREFIX, KEY_DOCUMENT_PATH } from '../../../protocol/endpoints.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { Domain, KeyId } from '../../../protocol/ids.ts';
import { blame, describeOffset, offsetBetween } from './diagnose-clock.ts';
import type { ClockFacts } from './diagnose-clock.ts';
import { pageTask } from './diagnose-document.ts';
import { byOperator, fail, ok, warn } from './finding.ts';
import type { Finding, Subject } from './finding.ts';
import { readAnswer } from './read-answer.ts';
import type { ReadAnswer } from './read-answer.ts';
import type { SignedFacts } from './signed-probe.ts';

/** Our signed request to a peer, and what else tells why it was refused. */
export interface RequestFacts extends Pick<ClockFacts, 'ownOffsetSeconds' | 'synchronised'> {
  readonly signed: SignedFacts;
  readonly ownDomain: Domain;
  readonly kid: KeyId;
}

type Problem = Extract<ReadAnswer, { kind: 'problem' }>;

/** Judges whether a peer verified our signature, for which it had to fetch our key document. @see docs/protocol.md [SIG-2] [KEY-3] [ERR-3] */
export function diagnoseRequest(subject: Subject, facts: RequestFacts): Finding {
  const { domain } = subject;
  const read = readAnswer(facts.signed.outcome);
  const path = `${FEDERATION_PREFIX}/`;
  switch (read.kind) {
    case 'none':
      return fail('DISC-5', `${domain} gives ${read.what} to our signed request`, byOperator(subject, 'look at the log of the instance'));
    case 'page':
      return fail('ERR-1', `${domain} answers our signed request with ${read.what} instead of JSON`, byOperator(subject, pageTask(read.challenge, path)));
    case 'other':
      if (read.status >= 200 && read.status < 300) return warn('API-1', `${domain} answers for a user who cannot exist (${read.what})`, byOperator(subject, `check that ${path} leads to the instance`));
      return fail('ERR-1', `${domain} answers our signed request with ${read.what} instead of a registered refusal`, byOperator(subject, `check that ${path} leads to the instance`));
    case 'problem':
      return read.code === 'unknown_user' ? ok('SIG-2', `${domain} fetched our key document and verified our signature (key ${facts.kid})`) : diagnoseRefusal(subject, read, facts);
  }
}

function diagnoseRefusal(subject: Subject, problem: Problem, facts: RequestFacts): Finding {
  if (problem.code === 'timestamp_out_of_window') return diagnoseWindow(subject, problem, facts);
  const { ownDomain, kid } = facts;
  const { domain } = subject;
  const refused = `${domain} refuses our signed request (${problem.code})`;
  const document = `https://${ownDomain}${KEY_DOCUMENT_PATH}`;
  const refusals: { readonly [Code in ErrorCode]?: () => Finding } = {
    key_unavailable: () =>
      fail('KEY-3', `${domain} cannot fetch our key document (key_unavailable)`, `Check that ${document} is reachable from where ${domain} is: firewall and country blocks, every A and AAAA record of ${ownDomain}, the certificate chain, and that ${domain}'s resolver finds ${ownDomain}`),
    unknown_key: () =>
      fail('KEY-3', `${domain} cannot fetch our key document with the key ${kid} in it (unknown_key)`, `Check that ${document} is served to everyone, is signed and lists ${kid}, and that no cache holds an old copy; a peer looks again after 60 s`),
    signature_invalid: () =>
      fail('SIG-2', `${domain} cannot verify our signature under the key ${kid} that our document lists (signature_invalid): a proxy changes method, path or header on the way to it`, byOperator(subject, 'let the proxy hand requests on byte for byte')),
    signature_missing: () => fail('SIG-1', `${domain} sees no signature on our signed request (signature_missing): a proxy drops the header X-Federation-Signature`, byOperator(subject, 'let the proxy pass the header X-Federation-Signature')),
    signature_malformed: () =>
      fail('SIG-1', `${domain} cannot read our signature (signature_malformed): a proxy changes or repeats the header, or that server says it serves ${ownDomain} itself`, byOperator(subject, 'let the proxy pass the header X-Federation-Signature as it is, and check SECURECHAT_DOMAIN')),
    replay_detected: () => fail('SIG-5', `${domain} has seen our request before (replay_detected): something on the way sends requests twice`, byOperator(subject, 'switch off the repeating of requests in the proxy')),
    domain_blocked: () => fail('ERR-3', `${domain} has chosen not to federate with ${ownDomain} (domain_blocked)`, byOperator(subject, `lift the block of ${ownDomain}`)),
    misdirected: () => fail('SIG-6', `the server that answers for ${domain} does not serve that domain (misdirected)`, byOperator(subject, 'let the SRV record lead to the instance of that domain')),
    bad_request_target: () => fail('SIG-3', `${refused}: a proxy changes the path`, byOperator(subject, 'let the proxy hand the path on byte for byte')),
    rate_limited: () => fail('API-10', refused, `Try again in ${problem.retryAfterSeconds ?? 60} s`),
  };
  return refusals[problem.code]?.() ?? fail('ERR-2', refused, byOperator(subject, 'look at the log of the instance'));
}

function diagnoseWindow(subject: Subject, { serverTime }: Problem, { signed, ...others }: RequestFacts): Finding {
  const what = `${subject.domain} refuses our request because of its time (timestamp_out_of_window)`;
  const offsetSeconds = serverTime === null ? null : offsetBetween(serverTime, signed);
  const { whose, fix } = blame(subject, { ...others, offsetSeconds });
  if (offsetSeconds === null) return fail('SIG-4', what, fix);
  return fail('SIG-4', `${what}: its clock is ${describeOffset(offsetSeconds)} that of this machine${whose}`, fix);
}
