import type { Domain } from '../../../protocol/ids.ts';

/** How one step of the walk ended; `skipped` could not be looked at because an earlier step failed. */
type StepStatus = 'ok' | 'warn' | 'fail' | 'skipped';

/** What one look at some facts came to: which clause it is about, what is there, and what to change (null: nothing). */
export interface Finding {
  readonly status: StepStatus;
  /** Of docs/protocol.md, such as `SIG-4`. */
  readonly clause: string;
  readonly detail: string;
  readonly fix: string | null;
}

/** The domain that is looked at: our own as the world sees it, or a peer's. */
export interface Subject {
  readonly domain: Domain;
  readonly side: 'own' | 'peer';
}

/** What the walk looks at, in its order. */
export type StepId = 'policy' | 'srv' | 'address' | 'tcp' | 'tls' | 'document' | 'cache' | 'keys' | 'txt' | 'clock' | 'path' | 'request' | 'answer';

/** One step of the walk: a finding and where it belongs. */
export interface Step extends Finding {
  readonly id: StepId;
  readonly side: Subject['side'];
}

/** Says that something is as it has to be. */
export function ok(clause: string, detail: string): Finding {
  return { status: 'ok', clause, detail, fix: null };
}

/** Says that something works and deserves a look. */
export function warn(clause: string, detail: string, fix: string): Finding {
  return { status: 'warn', clause, detail, fix };
}

/** Says that something keeps servers from talking. */
export function fail(clause: string, detail: string, fix: string): Finding {
  return { status: 'fail', clause, detail, fix };
}

/** Says that something could not be looked at. */
export function skipped(clause: string, because: string): Finding {
  return { status: 'skipped', clause, detail: `not looked at, because ${because}`, fix: null };
}

/** Words what the operator of the domain has to do, `task` beginning with a verb: to them, or to us who have to ask them. */
export function byOperator({ domain, side }: Subject, task: string): string {
  return side === 'own' ? `${task.charAt(0).toUpperCase()}${task.slice(1)}` : `Ask the operator of ${domain} to ${task}`;
}
