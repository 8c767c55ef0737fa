/** Marks what a terminal would obey instead of showing. */
const REPLACEMENT = '\u{fffd}';
/** Control characters, C1 among them, formats such as the bidirectional ones, and line ends of Unicode's own. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Prints the outcome of a command: one JSON object with --json, else the lines meant for people. What certificates and
 * peers put into either of them is shown and never obeyed by the terminal.
 */
export function printOutcome(options: { readonly json?: boolean | undefined }, outcome: { readonly json: object; readonly lines: readonly string[] }): void {
  const lines = options.json === true ? [JSON.stringify(outcome.json).replace(UNPRINTABLE, escape)] : outcome.lines.map(printable);
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Prints why a command failed; the message may have several lines. */
export function printFailure(message: string): void {
  process.stderr.write(`${message.split('\n').map(printable).join('\n')}\n`);
}

/** Gives a line as it may go to a terminal; tabs stay, which part columns. */
function printable(line: string): string {
  return line.replace(UNPRINTABLE, (character) => (character === '\t' ? character : REPLACEMENT));
}

function escape(character: string): string {
  return character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}
