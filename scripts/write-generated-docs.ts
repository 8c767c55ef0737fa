import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_REGISTRY } from '../protocol/errors.ts';
import { envExample } from '../server/config/env-example.ts';
import { SETTINGS } from '../server/config/settings.ts';
import type { Setting } from '../server/config/settings.ts';
import { renderWorkedExample } from './worked-example.ts';

const ROOT = join(import.meta.dirname, '..');

/** The parts of documents that are written from code, by file and by the name of their markers. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'docs/operations.md': { settings: renderSettings },
  'docs/protocol.md': { errors: renderErrors, 'worked-example': renderWorkedExample },
};

/**
 * Renders every file that is written from code, whole or in part, by its path from the root; `readText` gives the
 * present text of a file. Throws where a document lacks the markers of a section.
 */
export function renderGeneratedDocs(readText: (path: string) => string): ReadonlyMap<string, string> {
  const documents = Object.entries(SECTIONS).map(([path, sections]): [string, string] => {
    const fill = (text: string, [name, render]: [string, () => string]): string => fillSection({ path, text, name, content: render() });
    return [path, Object.entries(sections).reduce(fill, readText(path))];
  });
  return new Map([['.env.example', envExample()], ...documents]);
}

function fillSection({ path, text, name, content }: { path: string; text: string; name: string; content: string }): string {
  const opening = `<!-- generated: ${name} -->`;
  const closing = `<!-- end of generated: ${name} -->`;
  const start = text.indexOf(opening);
  const end = text.indexOf(closing);
  if (start === -1 || end < start) throw new Error(`${path} has no section between "${opening}" and "${closing}".`);
  return `${text.slice(0, start + opening.length)}\n\n${content}\n\n${text.slice(end)}`;
}

function renderSettings(): string {
  const rows = Object.entries<Setting<unknown>>(SETTINGS).map(([name, { meaning, defaultText }]) => [`\`${name}\``, meaning, defaultText]);
  return renderTable(['name', 'meaning', 'default'], rows);
}

function renderErrors(): string {
  const rows = Object.entries(ERROR_REGISTRY).map(([code, entry]) => [`\`${code}\``, String(entry.status), entry.class, entry.en, entry.fr]);
  return renderTable(['code', 'status', 'class', 'in English', 'in French'], rows);
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

if (import.meta.main) {
  for (const [path, text] of renderGeneratedDocs((path) => readFileSync(join(ROOT, path), 'utf8'))) writeFileSync(join(ROOT, path), text);
}
