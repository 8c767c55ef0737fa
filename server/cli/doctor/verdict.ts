import type { Domain } from '../../../protocol/ids.ts';
import type { Step } from './finding.ts';

/** The domains that a walk was about. */
export interface Walked {
  readonly domain: Domain;
  readonly peer: Domain | null;
}

const WORDS: Readonly<Record<Step['status'], string>> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skipped: 'skip' };

/** Sums a walk up in one line: the first fault, with what to change. */
export function verdictOf({ domain, peer }: Walked, steps: readonly Step[]): string {
  const faults = steps.filter(({ status }) => status === 'fail');
  const [first] = faults;
  const more = faults.length > 1 ? ` (${faults.length - 1} more above, which may follow from it)` : '';
  if (first !== undefined) return `FAIL [${first.clause}] ${sentences(first)}${more}`;
  const warnings = steps.filter(({ status }) => status === 'warn');
  const good = peer === null ? `${domain} is set up so that other servers reach it` : `${domain} and ${peer} reach and believe each other`;
  if (warnings.length === 0) return `ok: ${good}`;
  return `ok: ${good}; ${warnings.length === 1 ? 'one warning' : `${warnings.length} warnings`}, first: ${warnings[0]?.detail ?? ''}`;
}

/** Writes a step as one line for people. */
export function describeStep({ domain, peer }: Walked, step: Step): string {
  const subject = step.side === 'own' ? domain : (peer ?? domain);
  return `${WORDS[step.status]}  ${subject}  ${step.id} [${step.clause}] ${sentences(step)}`;
}

function sentences({ detail, fix }: Step): string {
  return fix === null ? detail : `${detail}. ${fix}.`;
}
