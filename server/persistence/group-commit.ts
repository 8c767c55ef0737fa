import { setImmediate } from 'node:timers';
import { assertNever } from '../domain/assert-never.ts';

/** What callers hand over together with what becomes of it. */
interface Waiting<Submission, Result> {
  readonly submission: Submission;
  readonly keys: readonly string[];
  readonly size: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** What a flush made of one submission: its result, or what is still to be flushed, ahead of everything that came later. */
export type Flushed<Submission, Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'again'; readonly submission: Submission }
  | { readonly kind: 'failed'; readonly error: Error };

/** Says how much is stored together, and how. */
export interface GroupCommitOptions<Submission, Result> {
  /** How many items a flush takes; a larger submission goes alone. */
  readonly maxItems: number;
  /** How many items a submission holds. */
  readonly sizeOf: (submission: Submission) => number;
  /** What no two flushes may be about at once; of submissions that share a key the earlier is flushed first, or both together. */
  readonly keysOf: (submission: Submission) => readonly string[];
  /** Stores submissions in one transaction, all or none, and says of each, in order, what became of it. */
  readonly flush: (submissions: readonly Submission[]) => Promise<readonly Flushed<Submission, Result>[]>;
  /** Whether the same flush may pass when it is tried again at once. */
  readonly isTransient: (error: unknown) => boolean;
  /** Whether the fault lies in what was to be stored, so that the others may pass without it. */
  readonly isRefusal: (error: unknown) => boolean;
}

/** Stores a submission together with others of the same moment; rejects with what kept it from being stored. */
export type GroupCommit<Submission, Result> = (submission: Submission) => Promise<Result>;

/** Two: one gathers its data while the other waits for the disk. More would only make the groups smaller. */
const MAX_FLUSHES = 2;
const MAX_TRIES = 20;

/**
 * Creates a group commit. A flush begins at the end of the present turn of the event loop when one may, takes what waits
 * then, and whatever comes meanwhile goes with the next: the more there is to do the larger the groups, and nothing ever
 * waits for a timer.
 */
export function createGroupCommit<Submission, Result>(options: GroupCommitOptions<Submission, Result>): GroupCommit<Submission, Result> {
  const { maxItems, sizeOf, keysOf } = options;
  const busy = new Set<string>();
  let waiting: Waiting<Submission, Result>[] = [];
  let running = 0;
  let isScheduled = false;

  const schedule = (): void => {
    if (isScheduled || running >= MAX_FLUSHES || waiting.length === 0) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      start();
    });
  };
  const start = (): void => {
    const { taken, left } = takeGroup(waiting, { busy, maxItems });
    waiting = left;
    if (taken.length === 0) return;
    const keys = taken.flatMap((each) => each.keys);
    for (const key of keys) busy.add(key);
    running += 1;
    void settle(taken, options).then((again) => {
      running -= 1;
      for (const key of keys) busy.delete(key);
      waiting = [...again, ...waiting];
      schedule();
    });
    schedule();
  };
  return (submission) =>
    new Promise((resolve, reject) => {
      waiting.push({ submission, keys: keysOf(submission), size: sizeOf(submission), resolve, reject });
      schedule();
    });
}

/** Takes from the front what fits; what shares a key with something that stays behind stays behind it. */
function takeGroup<Each extends { readonly keys: readonly string[]; readonly size: number }>(
  waiting: readonly Each[],
  { busy, maxItems }: { readonly busy: ReadonlySet<string>; readonly maxItems: number },
): { readonly taken: readonly Each[]; readonly left: Each[] } {
  const taken: Each[] = [];
  const left: Each[] = [];
  const passedOver = new Set<string>();
  let size = 0;
  for (const each of waiting) {
    const fits = taken.length === 0 || size + each.size <= maxItems;
    if (fits && each.keys.every((key) => !busy.has(key) && !passedOver.has(key))) {
      taken.push(each);
      size += each.size;
    } else {
      left.push(each);
      for (const key of each.keys) passedOver.add(key);
    }
  }
  return { taken, left };
}

/** Flushes a group, tells each caller and gives back what is to be flushed again; a group that the database refuses is tried one by one. */
async function settle<Submission, Result>(
  group: readonly Waiting<Submission, Result>[],
  options: GroupCommitOptions<Submission, Result>,
): Promise<readonly Waiting<Submission, Result>[]> {
  try {
    const flushed = await flushPatiently(group.map(({ submission }) => submission), options);
    return group.flatMap((waiting, index) => tell(waiting, flushed[index]));
  } catch (error) {
    if (group.length > 1 && options.isRefusal(error)) {
      const again = [];
      for (const each of group) again.push(...(await settle([each], options)));
      return again;
    }
    for (const { reject } of group) reject(error);
    return [];
  }
}

function tell<Submission, Result>(
  waiting: Waiting<Submission, Result>,
  flushed: Flushed<Submission, Result> | undefined,
): readonly Waiting<Submission, Result>[] {
  switch (flushed?.kind) {
    case 'done':
      waiting.resolve(flushed.result);
      return [];
    case 'again':
      return [{ ...waiting, submission: flushed.submission }];
    case 'failed':
      waiting.reject(flushed.error);
      return [];
    case undefined:
      waiting.reject(new Error('A flush said nothing of one of its submissions.'));
      return [];
    default:
      return assertNever(flushed);
  }
}

async function flushPatiently<Submission, Result>(
  submissions: readonly Submission[],
  { flush, isTransient }: GroupCommitOptions<Submission, Result>,
): Promise<readonly Flushed<Submission, Result>[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await flush(submissions);
    } catch (error) {
      if (attempt >= MAX_TRIES || !isTransient(error)) throw error;
    }
  }
}
