import { afterEach, expect, test, vi } from 'vitest';
import { printFailure, printOutcome } from './print.ts';

const NAME = '\u001b]0;title\u0007\u009b31mred\u202eevil\u2066\u200f\nok\u2028';
const SHOWN = '\ufffd]0;title\ufffd\ufffd31mred\ufffdevil\ufffd\ufffd\ufffdok\ufffd';

afterEach(() => vi.restoreAllMocks());

function written(stream: 'stdout' | 'stderr', print: () => void): string {
  const write = vi.spyOn(process[stream], 'write').mockReturnValue(true);
  print();
  return write.mock.calls.map(([text]) => String(text)).join('');
}

test('a name that would steer the terminal is shown without effect, on one line', () => {
  const print = (): void => printOutcome({}, { json: {}, lines: [`issuer "${NAME}"`, 'a\tb ü 日本'] });
  expect(written('stdout', print)).toBe(`issuer "${SHOWN}"\na\tb ü 日本\n`);
});

test('as JSON it stands escaped, and reads back as it was', () => {
  const json = { issuer: NAME, tag: '\u{e0001}' };
  const text = written('stdout', () => printOutcome({ json: true }, { json, lines: [] }));
  expect(text).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(text)).toEqual(json);
});

test('a failure keeps its own lines and nothing else', () => {
  expect(written('stderr', () => printFailure('one\u009b2J\ntwo'))).toBe('one\ufffd2J\ntwo\n');
});
