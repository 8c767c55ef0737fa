/** What a command tells by its exit code. */
export const EXIT = { good: 0, bad: 1, usage: 2, ownFault: 3 } as const;

/** Says what is wrong with how a command was called, and what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
