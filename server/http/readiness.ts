/** How long a check may take before it counts as failed. */
const CHECK_TIMEOUT_MS = 2_000;

/** Something without which the instance cannot serve; rejects or throws while it is missing. */
export interface ReadinessCheck {
  /** What the answer calls it, such as `database`. */
  readonly cause: string;
  readonly check: () => Promise<void> | void;
}

/** Whether an instance can take requests. */
export interface Readiness {
  /** Says what keeps the instance from serving: `stopping`, the cause of the first check that fails, or null. */
  findFault(): Promise<string | null>;
  /** Answers `stopping` from now on, so that no proxy sends anybody here any more. */
  beginStop(): void;
}

/** Creates the readiness; each check has 2 s, and while one is still under way it is not begun a second time. */
export function createReadiness(checks: readonly ReadinessCheck[]): Readiness {
  let stopping = false;
  const bounded = checks.map(({ cause, check }) => ({ cause, passes: oneAtATime(check) }));
  return {
    async findFault() {
      if (stopping) return 'stopping';
      const outcomes = await Promise.all(bounded.map(async ({ cause, passes }) => ((await passes()) ? null : cause)));
      return outcomes.find((cause) => cause !== null) ?? null;
    },
    beginStop() {
      stopping = true;
    },
  };
}

/** A database that hangs would otherwise get a waiting question from every probe. */
function oneAtATime(check: ReadinessCheck['check']): () => Promise<boolean> {
  let underWay: Promise<boolean> | null = null;
  return () => {
    underWay ??= runCheck(check).finally(() => (underWay = null));
    return withinTimeout(underWay);
  };
}

async function runCheck(check: ReadinessCheck['check']): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}

function withinTimeout(outcome: Promise<boolean>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), CHECK_TIMEOUT_MS);
  return Promise.race([outcome, late.promise]).finally(() => clearTimeout(timer));
}
