import { describe, expect, it } from 'vitest';
import { compare } from './exactly-once.ts';

const stored = (...messageIds: string[]) => messageIds.map((messageId) => ({ messageId }));

describe('what is stored against what was sent', () => {
  it('agrees where each is there once, in whatever order', () => {
    expect(compare(['1', '2'], stored('2', '1'), 'b')).toEqual([]);
  });

  it('tells of a lost message', () => {
    expect(compare(['1', '2'], stored('2'), 'b')).toEqual(['1 of 2 messages are missing on b']);
  });

  it('tells of a doubled message', () => {
    expect(compare(['1', '2'], stored('1', '2', '1'), 'b')).toEqual(['1 messages are doubled on b']);
  });

  it('tells of a message that nobody sent', () => {
    expect(compare(['1'], stored('1', '9'), 'b')).toEqual(['1 messages on b were never sent']);
  });
});
