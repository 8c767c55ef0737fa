import { parseSync } from '@swc/core';
import { childrenOf, isNode, isRecord } from './syntax-node.ts';
import type { SyntaxNode } from './syntax-node.ts';

/** What the names of one file's tests cite. */
interface TestCitations {
  /** Every clause that a name cites. */
  readonly names: ReadonlySet<string>;
  /** How many tests cite a clause, by their own name, by that of a group around them, or by their row of a table. */
  readonly tests: ReadonlyMap<string, number>;
}

/** A call that declares a test or a group of them; `table` is the argument of `each`. */
interface Declaration {
  readonly kind: 'test' | 'group';
  readonly title: SyntaxNode;
  readonly table: SyntaxNode | null;
  readonly body: readonly SyntaxNode[];
}

const CLAUSE = /\[((?:ID|DISC|KEY|SIG|ERR|API|DEL|E2E)-\d+)\]/g;
const TEST_NAMES: ReadonlySet<unknown> = new Set(['test', 'it']);
const GROUP_NAMES: ReadonlySet<unknown> = new Set(['describe', 'suite']);
/** Members of `test` that declare nothing that runs, or no test at all. */
const NO_TESTS: ReadonlySet<unknown> = new Set(['skip', 'todo', 'fixme', 'step', 'extend', 'use', 'beforeEach', 'beforeAll', 'afterEach', 'afterAll']);
const TABLE_NAMES: ReadonlySet<unknown> = new Set(['each', 'for']);
const FUNCTIONS: ReadonlySet<string> = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
/** Where a title takes something out of its row. */
const PLACEHOLDER = /%[sjo]|\$/;

/** Finds the ids of clauses in a text, in their order. */
export function clauseIdsIn(text: string): readonly string[] {
  return [...text.matchAll(CLAUSE)].map(([, id = '']) => id);
}

/**
 * Reads which clauses the names of a file's tests cite. Names are the titles of `test`, `it` and `describe`, in every
 * form that vitest and Playwright have; comments, strings elsewhere and tests that do not run cite nothing.
 */
export function readTests(source: string, path: string): TestCitations {
  const program: unknown = parseSync(source, { syntax: 'typescript', tsx: path.endsWith('x') });
  const values = findNamedValues(program);
  const names = new Set<string>();
  const tests = new Map<string, number>();

  function visit(node: unknown, inherited: readonly string[]): void {
    const declaration = isNode(node) ? readDeclaration(node) : null;
    if (declaration !== null) visitDeclaration(declaration, inherited);
    else if (!isNamedFunction(node)) {
      const called = findCalledFunction(node, values);
      // A function of the file declares its tests for whoever calls it, in the group where the call stands.
      if (called !== null) visitOnce(called, inherited);
      for (const child of childrenOf(node)) visit(child, inherited);
    }
  }

  function visitOnce([name, body]: [unknown, SyntaxNode], inherited: readonly string[]): void {
    values.delete(name);
    visit(body['body'], inherited);
    values.set(name, body);
  }

  function visitDeclaration({ kind, title, table, body }: Declaration, inherited: readonly string[]): void {
    const text = textOf(title);
    const own = clauseIdsIn(text);
    const rows = readRows(table?.type === 'Identifier' ? values.get(table['value']) : table, text);
    for (const clause of [...own, ...rows.flat()]) names.add(clause);
    const whole = [...inherited, ...own];
    if (kind === 'test') for (const row of rows) count(tests, [...whole, ...row]);
    else for (const child of body) visit(child, [...whole, ...rows.flat()]);
  }

  visit(program, []);
  return { names, tests };
}

function count(tests: Map<string, number>, clauses: readonly string[]): void {
  for (const clause of new Set(clauses)) tests.set(clause, (tests.get(clause) ?? 0) + 1);
}

/** Reads a call such as `test('…', …)`, `it.each(table)('…', …)` or `test.describe('…', …)`; null for any other node. */
function readDeclaration(node: SyntaxNode): Declaration | null {
  if (node.type !== 'CallExpression') return null;
  const [title, ...body] = argumentsOf(node);
  const callee = node['callee'];
  if (title === undefined || !isNode(callee)) return null;
  const isTable = callee.type === 'CallExpression' || callee.type === 'TaggedTemplateExpression';
  const chain = readChain(isTable ? (callee['callee'] ?? callee['tag']) : callee);
  if (chain.some((name) => NO_TESTS.has(name))) return null;
  // `it.each(table)` by itself is the callee of the declaration around it.
  if (!isTable && TABLE_NAMES.has(chain.at(-1))) return null;
  const isGroup = chain.some((name) => GROUP_NAMES.has(name));
  if (!isGroup && !TEST_NAMES.has(chain[0])) return null;
  return { kind: isGroup ? 'group' : 'test', title, table: isTable ? (argumentsOf(callee)[0] ?? null) : null, body };
}

/** Reads `a.b.c` as its names; empty for anything else. */
function readChain(node: unknown): readonly unknown[] {
  if (!isNode(node)) return [];
  if (node.type === 'Identifier') return [node['value']];
  if (node.type !== 'MemberExpression' || !isNode(node['property'])) return [];
  const object = readChain(node['object']);
  return object.length === 0 ? [] : [...object, node['property']['value']];
}

/** Gives the clauses that each row of a table brings into the title; one empty row where there is no table to be seen. */
function readRows(table: SyntaxNode | null | undefined, title: string): readonly (readonly string[])[] {
  if (table?.type !== 'ArrayExpression' || !Array.isArray(table['elements'])) return [[]];
  return table['elements'].map((row: unknown) => (PLACEHOLDER.test(title) ? clauseIdsIn(textOf(row)) : []));
}

/** Finds the arrays and functions that a file gives a name: tables that stand apart from their tests, and what declares tests. */
function findNamedValues(program: unknown): Map<unknown, SyntaxNode> {
  const values = new Map<unknown, SyntaxNode>();
  function visit(node: unknown): void {
    const named = readNamedValue(node);
    if (named !== null) values.set(...named);
    for (const child of childrenOf(node)) visit(child);
  }
  visit(program);
  return values;
}

function readNamedValue(node: unknown): [name: unknown, value: SyntaxNode] | null {
  if (!isNode(node)) return null;
  const name = node['id'] ?? node['identifier'];
  if (!isNode(name)) return null;
  if (node.type === 'FunctionDeclaration') return [name['value'], node];
  const init = node.type === 'VariableDeclarator' ? withoutAssertion(node['init']) : null;
  return init !== null && (init.type === 'ArrayExpression' || FUNCTIONS.has(init.type)) ? [name['value'], init] : null;
}

function withoutAssertion(node: unknown): SyntaxNode | null {
  if (!isNode(node)) return null;
  return /^Ts(?:Const|As|Satisfies)/.test(node.type) ? withoutAssertion(node['expression']) : node;
}

function isNamedFunction(node: unknown): boolean {
  const value = readNamedValue(node)?.[1];
  return value !== undefined && FUNCTIONS.has(value.type);
}

function findCalledFunction(node: unknown, values: ReadonlyMap<unknown, SyntaxNode>): [unknown, SyntaxNode] | null {
  if (!isNode(node) || node.type !== 'CallExpression') return null;
  const [name, ...members] = readChain(node['callee']);
  const value = members.length === 0 ? values.get(name) : undefined;
  return value !== undefined && FUNCTIONS.has(value.type) ? [name, value] : null;
}

/** Joins the literal texts of an expression; what functions in it say when they run is none of them. */
function textOf(node: unknown): string {
  if (!isNode(node)) return childrenOf(node).map(textOf).join(' ');
  if (node.type === 'StringLiteral') return String(node['value']);
  if (node.type === 'TemplateElement') return String(node['cooked'] ?? node['raw']);
  return FUNCTIONS.has(node.type) ? '' : childrenOf(node).map(textOf).join(' ');
}

function argumentsOf(call: SyntaxNode): readonly SyntaxNode[] {
  const listed: unknown = call['arguments'];
  if (!Array.isArray(listed)) return [];
  return listed.map((argument: unknown) => (isRecord(argument) ? argument['expression'] : null)).filter(isNode);
}
