/** An abort controller of its own that is also aborted, for the same reason, when the signal it follows is. */
interface FollowingController {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  unfollow(): void;
}

/**
 * Creates a controller that follows a signal until it is told to leave it.
 * `AbortSignal.any` would say the same, but Node holds its links weakly and was seen to lose the one to the source.
 */
export function followSignal(source: AbortSignal): FollowingController {
  const controller = new AbortController();
  const follow = (): void => controller.abort(source.reason);
  if (source.aborted) follow();
  else source.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unfollow: () => source.removeEventListener('abort', follow),
  };
}
