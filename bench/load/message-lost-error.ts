/** Says that a message did not arrive where it had to: the run has failed. */
export class MessageLostError extends Error {
  override readonly name = 'MessageLostError';
}
