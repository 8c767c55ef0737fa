import { isDeepStrictEqual } from 'node:util';

/** Runs a parser; null where it throws one of its own errors, every other error goes on. */
export function refusedBy<Value>(errors: readonly (abstract new (...args: never[]) => Error)[], parse: () => Value): Value | null {
  try {
    return parse();
  } catch (error) {
    if (errors.some((own) => error instanceof own)) return null;
    throw error;
  }
}

/** Throws, saying what, unless two values are the same. */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(`${what} differs`);
}

/** Throws, saying what, unless two JSON values are the same, members in any order; -0 is not 0. Members named `constructor` or `__proto__` are members. */
export function mustBeSameJson(actual: unknown, expected: unknown, what: string): void {
  if (!isSameJson(actual, expected)) throw new Error(`${what} differs`);
}

function isSameJson(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return Object.is(left, right);
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isSameJson(Reflect.get(left, name), Reflect.get(right, name)))
  );
}
