const DEFAULT_SEED = 20_261_118;

/** Reads the seed of a run, SECURECHAT_FUZZ_SEED or always the same one; throws for what is no number of 32 bits. */
export function readSeed(text: string | undefined): number {
  const seed = text === undefined || text === '' ? DEFAULT_SEED : Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) throw new Error('SECURECHAT_FUZZ_SEED is a number from 0 to 4294967295.');
  return seed;
}
