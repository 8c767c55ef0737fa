/** Prints the outcome of a command: one JSON object with --json, else the lines meant for people. */
export function printOutcome(options: { readonly json?: boolean | undefined }, outcome: { readonly json: object; readonly lines: readonly string[] }): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(outcome.json)}\n` : outcome.lines.map((line) => `${line}\n`).join(''));
}
