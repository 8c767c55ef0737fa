import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const CODE_FOLDERS = ['protocol', 'e2ee', 'server', 'client', 'app', 'conformance', 'scripts', 'tests'];

const documents = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
];
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const protocolText = read('docs/protocol.md');

/** The ids that docs/protocol.md defines: bold, at the beginning of a line. */
const clauses = new Set([...protocolText.matchAll(/^\*\*\[([A-Z0-9]+-\d+)\]/gm)].map(([, id]) => id));

function citedIn(text: string): readonly string[] {
  return [...text.matchAll(/\[((?:ID|DISC|KEY|SIG|ERR|API|DEL|E2E)-\d+)\]/g)].map(([, id]) => id ?? '');
}

describe('docs/protocol.md', () => {
  test('defines every clause of each family, without a gap', () => {
    const last = { ID: 5, DISC: 7, KEY: 6, SIG: 12, ERR: 4, API: 10, DEL: 6, E2E: 12 };
    const expected = Object.entries(last).flatMap(([family, count]) => Array.from({ length: count }, (_, index) => `${family}-${index + 1}`));
    expect([...clauses].toSorted()).toEqual(expected.toSorted());
  });

  test('defines every clause that code cites', () => {
    const files = CODE_FOLDERS.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.tsx?$/.test(name) && !name.includes('generated'))
        .map((name) => join(folder, name)),
    );
    const unknown = files.flatMap((path) => citedIn(read(path)).filter((id) => !clauses.has(id)).map((id) => `${path}: ${id}`));
    expect(files.length).toBeGreaterThan(100);
    expect(unknown).toEqual([]);
  });
});

describe.each(documents)('%s', (path) => {
  const text = read(path);

  test('cites clauses that exist', () => {
    expect(citedIn(text).filter((id) => !clauses.has(id))).toEqual([]);
  });

  test('links to files that are there, and to headings that they have', () => {
    const links = [...text.replaceAll(/`[^`\n]*`/g, '').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const broken = links.filter(([, target = '', anchor]) => {
      const file = target === '' ? path : join(dirname(path), target);
      return !existsSync(join(ROOT, file)) || (anchor !== undefined && !anchorsOf(read(file)).has(anchor));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  test('names source files that are there', () => {
    const named = [...text.matchAll(/`((?:protocol|e2ee|server|client|app|scripts|deploy|prisma|conformance|tests)\/[\w./[\]-]+\.\w+)`/g)];
    expect(named.map(([, file = '']) => file).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

/** The anchors that a renderer makes of headings: lower case, blanks as hyphens, other punctuation dropped. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(headings.map((heading) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')));
}
