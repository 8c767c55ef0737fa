/** Why the embedded PostgreSQL does not run, in the closed `code`; the message says what the operator can do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly code: 'no_binaries' | 'unreachable_folder' | 'in_use' | 'initialise_failed' | 'start_failed' | 'stop_failed';

  constructor(code: EmbeddedPostgresError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
