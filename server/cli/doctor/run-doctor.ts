import type { Domain } from '../../../protocol/ids.ts';
import { diagnosePolicy } from './diagnose-policy.ts';
import type { PolicySettings } from './diagnose-policy.ts';
import { examineDomain } from './examine-domain.ts';
import { examineExchange } from './examine-exchange.ts';
import type { Doctor } from './examination.ts';
import type { Step, Subject } from './finding.ts';

/** Walks through our own domain and, where one is named, through a peer's and the way between the two. */
export async function runDoctor(doctor: Doctor, settings: PolicySettings, peerDomain: Domain | null): Promise<readonly Step[]> {
  const own = await examineDomain(doctor, { domain: doctor.ownKeys.domain, side: 'own' }, null);
  if (peerDomain === null) return own.steps;
  const subject: Subject = { domain: peerDomain, side: 'peer' };
  const allowed: Step = { id: 'policy', side: 'own', ...diagnosePolicy(peerDomain, settings, await doctor.findStoredPolicy(peerDomain)) };
  const peer = await examineDomain(doctor, subject, own.offsetSeconds);
  return [...own.steps, allowed, ...peer.steps, ...(await examineExchange(doctor, subject, { own, peer }))];
}
