import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderGeneratedDocs } from './write-generated-docs.ts';

const readText = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const rendered = renderGeneratedDocs(readText);

describe('documents written from code', () => {
  test.each([...rendered.keys()])('%s is what `npm run docs` writes', (path) => {
    expect(readText(path)).toBe(rendered.get(path));
  });

  test('a changed section is put right again, and nothing around it is touched', () => {
    const outdated = (path: string): string => readText(path).replace(/(<!-- generated: \S+ -->)[^]*?(<!-- end)/g, '$1\nold\n$2');
    expect(outdated('docs/protocol.md')).not.toBe(readText('docs/protocol.md'));
    expect(renderGeneratedDocs(outdated)).toEqual(rendered);
  });

  test('a document without its markers is refused by name', () => {
    expect(() => renderGeneratedDocs(() => 'no markers')).toThrow('docs/operations.md');
  });
});
