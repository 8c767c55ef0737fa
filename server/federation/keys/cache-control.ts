/** How long an answer may be kept, null where it does not say, and by whom. */
interface KeepingRule {
  readonly maxAgeSeconds: number | null;
  /** Whether caches that serve several clients are kept out, and nothing beside lets them in. */
  readonly isPrivate: boolean;
}

const MAX_AGE = /^max-age="?([0-9]{1,10})"?$/i;
const NOT_TO_BE_KEPT = /^no-(?:store|cache)(?:=.*)?$/i;
const SHARED = /^(?:public|s-maxage=.*)$/i;
const PRIVATE = /^private$/i;

/**
 * Reads the header `Cache-Control`. `no-store` and `no-cache` are a max-age of 0, of several the least counts, and one
 * that is no number counts as absent.
 * @see RFC 9111 sections 5.2.2.1 to 5.2.2.10
 */
export function readCacheControl(value: string | undefined): KeepingRule {
  const directives = (value ?? '').split(',').map((directive) => directive.trim());
  const has = (form: RegExp): boolean => directives.some((directive) => form.test(directive));
  const ages = directives.flatMap((directive) => MAX_AGE.exec(directive)?.[1] ?? []).map(Number);
  if (has(NOT_TO_BE_KEPT)) ages.push(0);
  return { maxAgeSeconds: ages.length === 0 ? null : Math.min(...ages), isPrivate: has(PRIVATE) && !has(SHARED) };
}
