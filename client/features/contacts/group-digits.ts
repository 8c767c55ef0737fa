const GROUP = 5;

/** Cuts a safety number into groups of five digits; `start` is the place of a group's first digit. @see docs/protocol.md [E2E-10] */
export function groupDigits(number: string): readonly { readonly start: number; readonly digits: string }[] {
  const digits = number.replace(/\D/g, '');
  return Array.from({ length: Math.ceil(digits.length / GROUP) }, (_, index) => ({
    start: index * GROUP,
    digits: digits.slice(index * GROUP, (index + 1) * GROUP),
  }));
}
