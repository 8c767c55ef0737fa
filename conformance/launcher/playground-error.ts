/** Why a playground did not come up. */
type PlaygroundErrorCode = 'already_running' | 'directory_in_use' | 'build_failed' | 'exited' | 'not_ready' | 'interrupted';

/** Says why a playground could not be started; the message is for people and may have many lines. */
export class PlaygroundError extends Error {
  readonly code: PlaygroundErrorCode;

  constructor(code: PlaygroundErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlaygroundError';
    this.code = code;
  }
}
