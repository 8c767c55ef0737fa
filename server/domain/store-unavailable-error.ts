/**
 * Says that the database cannot be asked at the moment: nobody knows whether the last write took, and it is to be
 * tried again. Whoever asked is answered 503, and never that something is kept.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';

  constructor(options?: ErrorOptions) {
    super('The database cannot be reached.', options);
  }
}
