/** What may be wrong at the end of a run, or in its course. */
export type ViolationKind =
  | 'loss'
  | 'double'
  | 'reorder'
  | 'phantom'
  | 'disagreement'
  | 'gap'
  | 'hidden'
  | 'false_delivered'
  | 'wrong_failure'
  | 'broken_promise'
  | 'stuck'
  | 'crash';

/** One thing that must not be; `messageId` names the message concerned, if it is one. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
  readonly messageId: string | null;
}
