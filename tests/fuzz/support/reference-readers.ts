/** Readers of the same forms as protocol/, written character by character from the text of the clauses, to compare with. */

const LOWER = new Set('abcdefghijklmnopqrstuvwxyz0123456789');
const UPPER = new Set('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const isMadeOf = (text: string, letters: ReadonlySet<string>, others = ''): boolean =>
  [...text].every((letter) => letters.has(letter) || others.includes(letter));

/** @see docs/protocol.md [ID-2] */
export function readsAsDomain(text: string): boolean {
  const labels = text.split('.');
  const last = labels.at(-1) ?? '';
  return text.length <= 253 && labels.length >= 2 && labels.every(readsAsLabel) && LOWER.has(last.charAt(0)) && !(last.charAt(0) >= '0' && last.charAt(0) <= '9');
}

function readsAsLabel(label: string): boolean {
  if (label.length < 1 || label.length > 63 || !isMadeOf(label, LOWER, '-')) return false;
  if (label.startsWith('-') || label.endsWith('-')) return false;
  return label.slice(2, 4) !== '--' || label.startsWith('xn--');
}

/** @see docs/protocol.md [ID-1] */
export function readsAsUserId(text: string): boolean {
  const [username = '', domain = '', ...rest] = text.split('@');
  const isUsername =
    username.length >= 1 && username.length <= 32 && isMadeOf(username, LOWER, '._-') && LOWER.has(username.charAt(0)) && LOWER.has(username.charAt(username.length - 1));
  return text.length <= 255 && rest.length === 0 && isUsername && readsAsDomain(domain);
}

/** @see docs/protocol.md [ID-3] */
export function readsAsConversationId(text: string): boolean {
  if (text.length < 1 || text.length > 276 || text === '.' || text === '..') return false;
  return [...text].every((letter) => LOWER.has(letter) || UPPER.has(letter) || '._~:-'.includes(letter));
}

/** @see docs/protocol.md [ID-5] */
export function readsAsTimestamp(text: string): boolean {
  const shape = '0000-00-00T00:00:00.000Z';
  if (text.length !== shape.length) return false;
  const isShaped = [...shape].every((expected, index) => {
    const letter = text.charAt(index);
    return expected === '0' ? letter >= '0' && letter <= '9' : letter === expected;
  });
  const number = (from: number, to: number): number => Number(text.slice(from, to));
  const [year, month, day] = [number(0, 4), number(5, 7), number(8, 10)];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
  return isShaped && day >= 1 && day <= days && number(11, 13) <= 23 && number(14, 16) <= 59 && number(17, 19) <= 59;
}
