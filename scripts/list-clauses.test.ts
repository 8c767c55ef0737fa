import { describe, expect, test } from 'vitest';
import { readDefinedClauses, reportClauses } from './list-clauses.ts';

/** Writes an id with its brackets; spelt out, those made up here would count as citations of this file. */
const cite = (...ids: readonly string[]): string => ids.map((id) => `[${id}]`).join(' ');

function report(source: string, { defined = ['SIG-1', 'SIG-2'], path = 'a.test.ts' } = {}): ReturnType<typeof reportClauses> {
  return reportClauses(defined, [{ path, text: source }]);
}

function countsIn(source: string): readonly number[] {
  return report(source).clauses.map(({ tests }) => tests);
}

describe('clauses of the document', () => {
  test('are the bold ids that begin a line, in their order', () => {
    const text = `# Title\n\n**${cite('SIG-2')} Two.** As ${cite('SIG-9')} says.\n\n**${cite('SIG-1')}** One.\nSee **${cite('SIG-8')}**.\n${cite('SIG-7')}\n`;
    expect(readDefinedClauses(text)).toEqual(['SIG-2', 'SIG-1']);
  });
});

describe('citations in the names of tests', () => {
  test.each([
    ['test', `test('${cite('SIG-1')} holds', () => {});`],
    ['it', `it("${cite('SIG-1')} holds", () => {});`],
    ['an asynchronous test with options', `test('${cite('SIG-1')} holds', { timeout: 1 }, async () => {});`],
    ['a template', `test(\`\${name} ${cite('SIG-1')} holds\`, () => {});`],
    ['a joined title', `test('a long ' + '${cite('SIG-1')} title', () => {});`],
    ['a concurrent test', `test.concurrent('${cite('SIG-1')} holds', () => {});`],
    ['a conditional test', `test.runIf(true)('${cite('SIG-1')} holds', () => {});`],
    ['a table that is not to be seen', `test.each(rows)('${cite('SIG-1')} holds for %s', () => {});`],
    ['a table as a template', `test.each\`a\n\${1}\`('${cite('SIG-1')} holds for $a', () => {});`],
    ['a group around it', `describe('${cite('SIG-1')} all', () => { describe('inner', () => { test('holds', () => {}); }); });`],
    ['a Playwright group around it', `test.describe('${cite('SIG-1')} all', () => { test('holds', async ({ page }) => {}); });`],
    ['a loop', `for (const name of names) test(\`${cite('SIG-1')} \${name}\`, () => {});`],
    ['a function of the file that a group calls', `function accepts() { test('holds', () => {}); } describe('${cite('SIG-1')} all', () => { accepts(); });`],
    ['an arrow function of the file', `const accepts = () => { test('holds', () => {}); }; describe('${cite('SIG-1')} all', () => { accepts(); });`],
  ])('%s counts once', (_, source) => {
    expect(countsIn(source)).toEqual([1, 0]);
  });

  test.each([
    ['a comment', `// ${cite('SIG-1')}\ntest('holds', () => {}); /* test('${cite('SIG-1')}') */`],
    ['a text in a test', `test('holds', () => { expect(text).toBe('${cite('SIG-1')}'); });`],
    ['a text that looks like a test', `const source = "test('${cite('SIG-1')} holds', () => {});";`],
    ['a call of another name', `note('${cite('SIG-1')} holds', () => {});`],
    ['a group without a test', `describe('${cite('SIG-1')} all', () => {});`],
    ['a test that is skipped', `test.skip('${cite('SIG-1')} holds', () => {});`],
    ['a test that is still to be written', `test.todo('${cite('SIG-1')} holds');`],
    ['a function that nobody calls', `function accepts() { test('${cite('SIG-1')} holds', () => {}); }`],
    ['an id without brackets', `test('SIG-1 holds', () => {});`],
  ])('%s does not count', (_, source) => {
    expect(countsIn(source)).toEqual([0, 0]);
  });

  test('several clauses in one name count for each, one twice in one name once', () => {
    expect(countsIn(`test('${cite('SIG-1', 'SIG-2', 'SIG-1')} hold', () => {});`)).toEqual([1, 1]);
  });

  test('each row of a table counts, and so do the clauses that it brings into the title', () => {
    const table = `[['${cite('SIG-1')} a', 1], ['${cite('SIG-1')} b', 2], ['${cite('SIG-2')} c', 3]]`;
    expect(countsIn(`test.each(${table})('%s', () => {});`)).toEqual([2, 1]);
    expect(countsIn(`const rows = ${table} as const; test.each(rows)('%s', () => {});`)).toEqual([2, 1]);
    expect(countsIn(`test.each(${table})('${cite('SIG-2')} holds', () => {});`)).toEqual([0, 3]);
  });

  test('a file with JSX is read', () => {
    expect(report(`test('${cite('SIG-1')} shows', () => { render(<b>it</b>); });`, { path: 'a.test.tsx' }).clauses[0]?.tests).toBe(1);
  });
});

describe('the verdict', () => {
  test('a clause of a family that needs tests is an orphan without one, and none with one', () => {
    expect(report(`test('${cite('SIG-1')} holds', () => {});`)).toMatchObject({ orphans: ['SIG-2'], unknown: [] });
    expect(report(`test('${cite('SIG-1', 'SIG-2')} hold', () => {});`)).toMatchObject({ orphans: [], unknown: [] });
  });

  test('every family of the wire needs tests, the others are only listed', () => {
    const defined = ['ID-1', 'DISC-1', 'KEY-1', 'SIG-1', 'ERR-1', 'API-1', 'DEL-1', 'E2E-1'];
    expect(report('', { defined }).orphans).toEqual(['ID-1', 'DISC-1', 'KEY-1', 'SIG-1', 'ERR-1', 'API-1']);
    expect(report('', { defined }).clauses).toHaveLength(8);
  });

  test.each(['test', 'describe'])('a clause that the name of a %s cites and the document does not define is unknown', (name) => {
    const source = `${name}('${cite('SIG-99')} holds', () => {});`;
    expect(report(source).unknown).toEqual([{ path: 'a.test.ts', clause: 'SIG-99' }]);
  });

  test('files are named by clause', () => {
    const text = `test('${cite('SIG-1')} holds', () => {});`;
    const files = [{ path: 'a.test.ts', text }, { path: 'b.spec.ts', text }, { path: 'c.test.ts', text: '' }];
    expect(reportClauses(['SIG-1'], files).clauses).toEqual([{ clause: 'SIG-1', tests: 2, files: ['a.test.ts', 'b.spec.ts'] }]);
  });
});
