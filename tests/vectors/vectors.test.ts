import { describe, expect, it } from 'vitest';
import { BODY_JUDGES } from './body-judges.ts';
import { EXCHANGE_JUDGES } from './exchange-judges.ts';
import { MESSAGE_JUDGES } from './message-judges.ts';
import { findDifference } from './outcome.ts';
import type { Judge, Outcome } from './outcome.ts';
import { PEOPLE_JUDGES } from './people-judges.ts';
import { TEXT_JUDGES } from './text-judges.ts';
import { readVectorFile, vectorFileNames } from './vector-files.ts';
import type { VectorFile, VectorGroup, VectorTest } from './vector-files.ts';

const JUDGES: Readonly<Record<string, Judge>> = { ...TEXT_JUDGES, ...EXCHANGE_JUDGES, ...BODY_JUDGES, ...PEOPLE_JUDGES, ...MESSAGE_JUDGES };
const files = vectorFileNames().map(readVectorFile);

const judged = new Map<VectorTest, Promise<Outcome>>();

/** Runs one case once; the schema vouches for the form that each judge names. */
function judge(file: VectorFile, group: VectorGroup, test: VectorTest): Promise<Outcome> {
  const outcome = judged.get(test) ?? run(file, group, test);
  judged.set(test, outcome);
  return outcome;
}

async function run(file: VectorFile, group: VectorGroup, test: VectorTest): Promise<Outcome> {
  const findOutcome = JUDGES[group.type];
  if (findOutcome === undefined) throw new Error(`Nobody judges ${group.type}.`);
  return findOutcome(test.input as never, { given: group.given ?? {}, keys: file.privateTestKeys ?? {} } as never);
}

describe.each(files)('vectors of $subject', (file) => {
  describe.each(file.groups)('$type', (group) => {
    for (const test of group.tests) {
      it(`[${test.clause ?? group.clause}] ${test.tcId} is ${test.result}: ${test.comment}`, async () => {
        expect(findDifference(test, await judge(file, group, test))).toBeNull();
      });
    }
  });
});

/** Turns a verdict round, or alters what goes with it. */
function falsified(test: VectorTest): readonly VectorTest[] {
  if (test.result === 'valid') {
    const { expected, ...rest } = test;
    return [{ ...rest, result: 'invalid', error: { reason: 'anything' } }, { ...rest, result: 'valid', expected: { ...expected, more: 1 } }];
  }
  const { error, ...rest } = test;
  return [{ ...rest, result: 'valid', expected: {} }, { ...rest, result: 'invalid', error: { ...error, reason: 'another' } }];
}

describe('the runner', () => {
  it.each(files)('notices every wrong verdict about $subject', async (file) => {
    for (const group of file.groups) {
      for (const test of group.tests) {
        const outcome = await judge(file, group, test);
        for (const wrong of falsified(test)) expect(findDifference(wrong, outcome), `${group.type} ${test.tcId}`).not.toBeNull();
      }
    }
  });

  it('judges every type of group, and no other', () => {
    const types = new Set(files.flatMap(({ groups }) => groups.map(({ type }) => type)));
    expect([...types].sort()).toEqual(Object.keys(JUDGES).sort());
  });
});
