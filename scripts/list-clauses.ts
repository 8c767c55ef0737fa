import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clauseIdsIn, readTests } from './read-test-citations.ts';
import { ROOT } from './run-step.ts';

/** Families of which every clause has a test; the clauses of the others are listed without being asked for. */
const TESTED_FAMILIES: ReadonlySet<string> = new Set(['ID', 'DISC', 'KEY', 'SIG', 'ERR', 'API']);
const FOLDERS = ['protocol', 'e2ee', 'server', 'client', 'app', 'conformance', 'scripts', 'tests', 'e2e'];
const TEST_FILE = /\.(?:test|spec)\.tsx?$/;

/** One test file: its path from the root and its text. */
interface TestFile {
  readonly path: string;
  readonly text: string;
}

/** Who tests a clause: how many tests, in which files. */
interface ClauseRow {
  readonly clause: string;
  readonly tests: number;
  readonly files: readonly string[];
}

/** Which tests cite which clause; `orphans` need one and have none, `unknown` are cited but not defined. */
export interface ClauseReport {
  readonly clauses: readonly ClauseRow[];
  readonly orphans: readonly string[];
  readonly unknown: readonly { readonly path: string; readonly clause: string }[];
}

/** Reads the clauses that docs/protocol.md defines, in its order: a bold id at the beginning of a line. */
export function readDefinedClauses(markdown: string): readonly string[] {
  return markdown.split('\n').flatMap((line) => (line.startsWith('**[') ? clauseIdsIn(line).slice(0, 1) : []));
}

/** Compares the clauses that are defined with those that the names of tests cite. */
export function reportClauses(defined: readonly string[], files: readonly TestFile[]): ClauseReport {
  const cited = files.map(({ path, text }) => ({ path, ...readTests(text, path) }));
  const clauses = defined.map((clause) => {
    const counts = cited.map(({ path, tests }) => ({ path, tests: tests.get(clause) ?? 0 })).filter(({ tests }) => tests > 0);
    return { clause, tests: counts.reduce((sum, { tests }) => sum + tests, 0), files: counts.map(({ path }) => path) };
  });
  return {
    clauses,
    orphans: clauses.filter(({ clause, tests }) => tests === 0 && TESTED_FAMILIES.has(familyOf(clause))).map(({ clause }) => clause),
    unknown: cited.flatMap(({ path, names }) => [...names].filter((clause) => !defined.includes(clause)).map((clause) => ({ path, clause }))),
  };
}

function familyOf(clause: string): string {
  return clause.slice(0, clause.indexOf('-'));
}

function readTestFiles(): readonly TestFile[] {
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => TEST_FILE.test(name)).map((name) => join(folder, name)),
  );
  return paths.toSorted().map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

function renderReport({ clauses, orphans, unknown }: ClauseReport): string {
  const rows = clauses.map(({ clause, tests, files }) => `${clause.padEnd(8)}${String(tests).padStart(5)}  ${files.join(' ')}`);
  return [
    ...rows,
    ...orphans.map((clause) => `clauses: no test cites ${clause}`),
    ...unknown.map(({ path, clause }) => `clauses: ${path} cites ${clause}, which docs/protocol.md does not define`),
    `clauses: ${clauses.length} defined, ${orphans.length} without a test, ${unknown.length} cited but unknown`,
  ].join('\n');
}

if (import.meta.main) {
  const report = reportClauses(readDefinedClauses(readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8')), readTestFiles());
  process.stdout.write(`${process.argv.includes('--json') ? JSON.stringify(report, null, 2) : renderReport(report)}\n`);
  process.exitCode = report.orphans.length === 0 && report.unknown.length === 0 ? 0 : 1;
}
