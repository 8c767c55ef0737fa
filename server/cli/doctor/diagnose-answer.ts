import type { KeyDocument } from '../../../protocol/key-document.ts';
import { byOperator, fail, ok, skipped } from './finding.ts';
import type { Finding, Subject } from './finding.ts';
import type { SignedFacts } from './signed-probe.ts';

type Fault = Extract<NonNullable<SignedFacts['proof']>, { kind: 'not_authentic' }>['fault'];

const FAULTS: Readonly<Record<Fault, string>> = {
  malformed: 'the header is not of its form',
  wrong_key_id: 'it is made by another domain',
  wrong_destination: 'it is meant for another domain',
  wrong_nonce: 'it is for another request',
  wrong_time: 'it was made more than 300 s ago or ahead',
  no_key: 'its key is not in the key document',
  bad_signature: 'status or body are not what was signed',
};

/** Judges whether a peer's answer is signed by the peer, as every answer of a Full one is. @see docs/protocol.md [SIG-8] [SIG-9] */
export function diagnoseAnswer(subject: Subject, proof: SignedFacts['proof'], document: KeyDocument | null): Finding {
  const { domain } = subject;
  if (document === null || proof === null) return skipped('SIG-9', `the key document of ${domain} is not to be had`);
  if (document.profile !== 'full') return ok('SIG-9', `${domain} is a Core peer, whose answers are not signed`);
  switch (proof.kind) {
    case 'authentic':
      return ok('SIG-9', `the answer of ${domain} is signed with its key`);
    case 'unsigned':
      return fail('SIG-9', `the key document of ${domain} says profile full, and its answer is not signed`, byOperator(subject, 'let the proxy pass X-Federation-Signature in answers too, and answer nothing in the place of the instance'));
    case 'not_authentic':
      return fail('SIG-9', `the signature of the answer of ${domain} does not hold: ${FAULTS[proof.fault]}`, byOperator(subject, 'let the proxy hand answers on byte for byte, status and body included, and check that the instance signs with a key of its key document'));
  }
}
