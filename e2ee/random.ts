/** Gives `length` unpredictable bytes; everything in this floor that needs randomness takes one as an argument. */
export type RandomBytes = (length: number) => Uint8Array;

/** Draws from the runtime's generator, at most 65 536 bytes at once. @see W3C Web Cryptography API, getRandomValues */
export const webRandomBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
