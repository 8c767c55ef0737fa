import type { JsonObject } from '../../protocol/json.ts';

/** Why a case is refused: a code of the registry, a reason in words where it has one, the pointer of a bad member. */
export interface VectorError {
  readonly code?: string;
  readonly reason?: string;
  readonly pointer?: string;
}

/** One case before it has its number. */
interface VectorDraft {
  readonly flags: readonly string[];
  readonly comment: string;
  /** The clause that decides it, where it is not that of the group. */
  readonly clause?: string;
  readonly input: JsonObject;
  readonly outcome: { readonly expected: JsonObject } | { readonly error: VectorError };
}

/** Cases of one type: the type says what the input is and what is to be done with it. */
interface VectorGroup {
  readonly type: string;
  readonly clause: string;
  /** What holds for each case of the group beside its own input. */
  readonly given?: JsonObject;
  readonly tests: readonly VectorDraft[];
}

/** One subject: `notes` says what each flag means, `privateTestKeys` lists the secrets that made the cases. */
export interface VectorSubject {
  readonly subject: string;
  readonly notes: Readonly<Record<string, string>>;
  readonly privateTestKeys?: JsonObject;
  readonly groups: readonly VectorGroup[];
}

type Flags = string | readonly string[];

/** Drafts a case that an implementation accepts. */
export function valid(flags: Flags, comment: string, body: { input: JsonObject; expected?: JsonObject; clause?: string }): VectorDraft {
  const { input, expected = {}, clause } = body;
  return { flags: [flags].flat(), comment, ...(clause !== undefined && { clause }), input, outcome: { expected } };
}

/** Drafts a case that an implementation refuses. */
export function invalid(flags: Flags, comment: string, body: { input: JsonObject; error: VectorError; clause?: string }): VectorDraft {
  const { input, error, clause } = body;
  return { flags: [flags].flat(), comment, ...(clause !== undefined && { clause }), input, outcome: { error } };
}

/** Numbers the cases and builds the document of a subject; throws where a flag has no note or a note no case. */
export function renderSubject({ subject, notes, privateTestKeys, groups }: VectorSubject): JsonObject {
  checkFlags({ subject, notes, groups });
  const clauses = new Set(groups.flatMap((group) => [group.clause, ...group.tests.flatMap(({ clause }) => clause ?? [])]));
  let tcId = 0;
  return {
    schemaVersion: 1,
    protocolVersion: 'v1',
    subject,
    clauses: [...clauses].sort(),
    numberOfTests: groups.reduce((sum, { tests }) => sum + tests.length, 0),
    notes,
    ...(privateTestKeys !== undefined && { privateTestKeys }),
    groups: groups.map(({ type, clause, given, tests }) => ({
      type,
      clause,
      ...(given !== undefined && { given }),
      tests: tests.map((draft) => renderTest(draft, (tcId += 1))),
    })),
  };
}

function renderTest({ flags, comment, clause, input, outcome }: VectorDraft, tcId: number): JsonObject {
  const head = { tcId, comment, flags, ...(clause !== undefined && { clause }), input };
  return 'error' in outcome ? { ...head, result: 'invalid', error: { ...outcome.error } } : { ...head, result: 'valid', expected: outcome.expected };
}

function checkFlags({ subject, notes, groups }: VectorSubject): void {
  const used = new Set(groups.flatMap(({ tests }) => tests.flatMap(({ flags }) => flags)));
  const bare = [...used].filter((flag) => !Object.hasOwn(notes, flag));
  const idle = Object.keys(notes).filter((flag) => !used.has(flag));
  if (bare.length + idle.length > 0) throw new Error(`${subject}: flags without a note: ${bare.join()}; notes without a case: ${idle.join()}`);
}

/** Rows of a grammar: flag, comment, text. */
type TextRows = readonly (readonly [flag: string, comment: string, text: string])[];

/** Drafts one case for each text: a grammar takes it or does not. `error` is that of every refusal. */
export function textCases(rows: { readonly accepted: TextRows; readonly refused: TextRows; readonly error: VectorError }): readonly VectorDraft[] {
  return [
    ...rows.accepted.map(([flag, comment, text]) => valid(flag, comment, { input: { text } })),
    ...rows.refused.map(([flag, comment, text]) => invalid(flag, comment, { input: { text }, error: rows.error })),
  ];
}
