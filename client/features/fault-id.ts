/** Makes a short id from an error: the same fault has the same id, and it tells nothing of what was on screen. */
export function faultId(error: { readonly name: string; readonly message: string; readonly digest?: string }): string {
  if (error.digest !== undefined) return error.digest;
  let value = 0x811c9dc5;
  for (const character of `${error.name}:${error.message}`) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return `${error.name}-${value.toString(16).padStart(8, '0')}`;
}
