/** One directive of a configuration in nested blocks; `block` is null where it opens none. */
export interface Directive {
  readonly words: readonly string[];
  readonly block: readonly Directive[] | null;
}

/** A token with the line it stands on; a directive ends where its line does. */
interface Token {
  readonly text: string;
  readonly line: number;
}

/**
 * Parses the structure of a Caddyfile: directives end with their line, `{` at its end opens a block, `#` begins a
 * comment. Throws where braces do not balance.
 */
export function parseCaddyfile(text: string): readonly Directive[] {
  const tokens = tokenize(text);
  const { directives, next } = parseBlock(tokens, 0);
  if (next < tokens.length) throw new SyntaxError(`line ${tokens[next]?.line}: a brace closes nothing`);
  return directives;
}

function parseBlock(tokens: readonly Token[], start: number): { directives: readonly Directive[]; next: number } {
  const directives: Directive[] = [];
  let at = start;
  for (let token = tokens[at]; token !== undefined && token.text !== '}'; token = tokens[at]) {
    const words: string[] = [];
    const { line } = token;
    for (let word = tokens[at]; word !== undefined && word.line === line && word.text !== '{'; word = tokens[at]) {
      words.push(word.text);
      at += 1;
    }
    const opening = tokens[at];
    if (opening?.text !== '{' || opening.line !== line) {
      directives.push({ words, block: null });
      continue;
    }
    const inner = parseBlock(tokens, at + 1);
    if (tokens[inner.next] === undefined) throw new SyntaxError(`line ${line}: the brace is never closed`);
    directives.push({ words, block: inner.directives });
    at = inner.next + 1;
  }
  return { directives, next: at };
}

function tokenize(text: string): readonly Token[] {
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(/(#.*)|"([^"]*)"|(\S+)/g)]
      .filter(([, comment]) => comment === undefined)
      .map(([, , quoted, bare]) => ({ text: quoted ?? bare ?? '', line: index + 1 })),
  );
}
