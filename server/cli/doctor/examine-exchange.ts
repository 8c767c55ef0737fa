import type { Config } from '../../config/read-config.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { diagnoseAnswer } from './diagnose-answer.ts';
import { diagnoseRequest } from './diagnose-request.ts';
import { createStepRecord, improbableUser } from './examination.ts';
import type { Doctor, Examination } from './examination.ts';
import { fail, ok, skipped, warn } from './finding.ts';
import type { Finding, Step, Subject } from './finding.ts';
import { probeSigned } from './signed-probe.ts';

/** Whom this instance federates with, as far as its settings say. */
export type Policy = Pick<Config, 'SECURECHAT_FEDERATION' | 'SECURECHAT_ALLOW' | 'SECURECHAT_BLOCK'>;

/** Judges whether our own settings let us talk with a domain. @see docs/protocol.md [ERR-3] */
export function diagnosePolicy(domain: Domain, { SECURECHAT_FEDERATION: mode, SECURECHAT_ALLOW: allow, SECURECHAT_BLOCK: block }: Policy): Finding {
  if (block.includes(domain)) return fail('ERR-3', `this instance blocks ${domain} (SECURECHAT_BLOCK)`, 'Take the domain out of SECURECHAT_BLOCK');
  if (mode === 'closed') return fail('ERR-3', 'this instance federates with nobody (SECURECHAT_FEDERATION=closed)', 'Set SECURECHAT_FEDERATION to open or allowlist');
  if (mode === 'allowlist' && !allow.includes(domain)) {
    return warn('ERR-3', `${domain} is not in SECURECHAT_ALLOW, so only \`securechat peers allow\` lets it in`, `Run \`securechat peers allow ${domain}\` if that is not done yet`);
  }
  return ok('ERR-3', `the settings of this instance let it talk with ${domain}`);
}

/** Sends the peer a signed request, for which it fetches our document, and checks its answer with its key. @see docs/protocol.md [SIG-2] [SIG-9] */
export async function examineExchange(doctor: Doctor, subject: Subject, { own, peer }: { readonly own: Examination; readonly peer: Examination }): Promise<readonly Step[]> {
  const record = createStepRecord(subject);
  const { randomBytes, ownKeys, clockSynchronised: synchronised } = doctor;
  const [endpoint] = peer.places;
  if (endpoint === undefined) {
    record.add('request', skipped('SIG-2', `there is no place where ${subject.domain} takes requests`));
    record.add('answer', skipped('SIG-9', 'no request could be sent'));
    return record.steps;
  }
  const signed = await probeSigned(doctor, { endpoint, userId: improbableUser(subject.domain, randomBytes), document: peer.document });
  const facts = { signed, ownDomain: ownKeys.domain, kid: ownKeys.current().kid, ownOffsetSeconds: own.offsetSeconds, synchronised };
  if (record.add('request', diagnoseRequest(subject, facts))) record.add('answer', diagnoseAnswer(subject, signed.proof, peer.document));
  else record.add('answer', skipped('SIG-9', 'the request was refused'));
  return record.steps;
}
