import { diagnoseAnswer } from './diagnose-answer.ts';
import { diagnoseRequest } from './diagnose-request.ts';
import { createStepRecord, improbableUser } from './examination.ts';
import type { Doctor, Examination } from './examination.ts';
import { skipped } from './finding.ts';
import type { Step, Subject } from './finding.ts';
import { probeSigned } from './signed-probe.ts';

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
