import { expect } from 'vitest';
import type { Diagnosis } from './doctor-world.ts';
import type { FrontAnswer, Serve } from './front-server.ts';

/** The fault that a run has to name, the peer's unless `side` says otherwise. */
interface Fault {
  readonly id: string;
  readonly side?: 'own' | 'peer';
  readonly clause: string;
  /** What the verdict says: the fault, and what to change. */
  readonly says: readonly RegExp[];
}

/** Is what a content network answers to a client that it takes for a robot. */
export const CHALLENGE: FrontAnswer = { status: 403, headers: { 'content-type': 'text/html; charset=UTF-8', 'cf-mitigated': 'challenge' }, body: '<!DOCTYPE html><title>Just a moment...</title>' };

/** Asserts that a run named its fault: which step, by which clause, in which words. */
export function expectFault({ code, steps, verdict }: Diagnosis, fault: Fault): void {
  const first = steps.find(({ status }) => status === 'fail');
  expect({ code, id: first?.id, side: first?.side, clause: first?.clause }).toEqual({ code: 1, id: fault.id, side: fault.side ?? 'peer', clause: fault.clause });
  expect(verdict).toMatch(new RegExp(`^FAIL \\[${fault.clause}\\] `));
  for (const words of fault.says) expect(verdict).toMatch(words);
  expect(verdict).not.toContain('\n');
  expect(first?.fix).toBeTruthy();
}

/** Puts a handler before one path and leaves the others to what stands behind. */
export function before(matches: (target: string) => boolean, answer: FrontAnswer, behind: Serve): Serve {
  return (request) => (matches(request.target) ? answer : behind(request));
}
