import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { findOutdated, renderVectors } from '../../scripts/make-vectors.ts';
import { readVectorFile, readVectorText, SCHEMA_NAME, vectorFileNames } from './vector-files.ts';
import type { VectorFile } from './vector-files.ts';

const MAX_FILE_BYTES = 300_000;
const names = vectorFileNames();
const files = names.map((name) => ({ name, file: readVectorFile(name) }));
const validate = new Ajv2020({ allErrors: true }).compile(JSON.parse(readVectorText(SCHEMA_NAME)));
const testsOf = (file: VectorFile) => file.groups.flatMap(({ tests }) => tests);

describe('files of vectors', () => {
  it.each(names)('%s follows the schema', (name) => {
    validate(JSON.parse(readVectorText(name)));
    expect(validate.errors).toBeNull();
  });

  it('the schema refuses what is not of its form', () => {
    const [{ file }] = files as [(typeof files)[number]];
    const [group] = file.groups;
    const [test] = group?.tests ?? [];
    const withTest = (changes: object): object => ({ ...file, groups: [{ ...group, tests: [{ ...test, ...changes }] }] });
    expect(validate(withTest({}))).toBe(true);
    expect(validate(withTest({ input: {} }))).toBe(false);
    expect(validate(withTest({ result: 'acceptable' }))).toBe(false);
    expect(validate(withTest({ more: 1 }))).toBe(false);
    expect(validate({ ...file, groups: [{ ...group, type: 'Another' }] })).toBe(false);
  });

  const rendered = renderVectors();
  it.each([SCHEMA_NAME, ...names])('%s is what `npm run vectors` writes', (name) => {
    expect(readVectorText(name)).toBe(rendered.get(name));
  });

  it('the script notices a file that is changed, missing or not its own', () => {
    const read = (name: string): string | null => rendered.get(name) ?? null;
    expect(findOutdated(rendered, read, [...rendered.keys()])).toEqual([]);
    expect(findOutdated(rendered, (name) => (name === 'jcs.json' ? '{}' : read(name)), [])).toEqual(['jcs.json']);
    expect(findOutdated(rendered, (name) => (name === 'jcs.json' ? null : read(name)), [])).toEqual(['jcs.json']);
    expect(findOutdated(rendered, read, ['stray.json'])).toEqual(['stray.json']);
  });

  it.each(files)('$name numbers its cases from 1 and counts them, and stays small', ({ name, file }) => {
    expect(testsOf(file).map(({ tcId }) => tcId)).toEqual(Array.from({ length: file.numberOfTests }, (_, index) => index + 1));
    expect(Buffer.byteLength(readVectorText(name))).toBeLessThan(MAX_FILE_BYTES);
  });

  it.each(files)('$name explains each flag that it uses, and no other', ({ file }) => {
    expect([...new Set(testsOf(file).flatMap(({ flags }) => flags))].sort()).toEqual(Object.keys(file.notes).sort());
  });

  it.each(files)('$name says each case in other words or with other input', ({ file }) => {
    for (const { tests, type } of file.groups) {
      expect(new Set(tests.map(({ comment, flags }) => `${flags.join()} ${comment}`)).size, `comments of ${type}`).toBe(tests.length);
      expect(new Set(tests.map(({ input }) => JSON.stringify(input))).size, `inputs of ${type}`).toBe(tests.length);
    }
  });

  it('there are more refusals than acceptances', () => {
    const results = files.flatMap(({ file }) => testsOf(file).map(({ result }) => result));
    expect(results.filter((result) => result === 'invalid').length).toBeGreaterThan(results.length / 2);
    expect(results.length).toBeGreaterThan(600);
  });

  describe('the worked example of the protocol', () => {
    const protocol = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'protocol.md'), 'utf8');
    const worked = (name: string) => files.filter((each) => each.name === name).flatMap(({ file }) => testsOf(file)).filter(({ comment }) => comment.startsWith('the worked example'));

    it.each([['requests.json', 2], ['answers.json', 1]])('is in %s to the byte', (name, count) => {
      const canonical = worked(name).filter(({ input }) => 'bodyHex' in input);
      expect(canonical).toHaveLength(count);
      for (const test of canonical) {
        if (test.result !== 'valid') throw new Error('The worked example is valid.');
        expect(protocol).toContain(`\n${String(test.expected['canonical'])}\n`);
        expect(protocol).toContain(`X-Federation-Signature: ${String(test.expected['header'])}\n`);
      }
    });

    it('is in key-documents.json to the byte', () => {
      const [test] = worked('key-documents.json');
      if (test?.result !== 'valid') throw new Error('The worked example is valid.');
      const { signatures } = JSON.parse(String(test.input['document']));
      expect(protocol).toContain(`"example-1": "${signatures['example-1']}"`);
      expect(protocol).toContain(`\n${String(test.expected['signedText'])}\n`);
    });
  });

  it('the instructions name every file and every type of group', () => {
    const readme = readVectorText('README.md');
    for (const { name, file } of files) {
      expect(readme).toContain(`\`${name}\``);
      for (const { type } of file.groups) expect(readme).toContain(`\`${type}\``);
    }
  });
});
