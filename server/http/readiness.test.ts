import { afterEach, expect, test, vi } from 'vitest';
import { createReadiness } from './readiness.ts';

afterEach(() => void vi.useRealTimers());

test('nothing keeps an instance from serving whose checks all pass', async () => {
  const readiness = createReadiness([{ cause: 'database', check: async () => undefined }, { cause: 'keys', check: () => undefined }]);
  expect(await readiness.findFault()).toBeNull();
});

test('the first check that fails is the cause, whether it rejects or throws', async () => {
  const refuse = (): never => {
    throw new Error('not there');
  };
  const passes = { cause: 'other', check: () => undefined };
  expect(await createReadiness([{ cause: 'database', check: async () => refuse() }, passes]).findFault()).toBe('database');
  expect(await createReadiness([passes, { cause: 'keys', check: refuse }]).findFault()).toBe('keys');
});

test('once the stop begins that is the cause, and nothing is checked any more', async () => {
  const check = vi.fn();
  const readiness = createReadiness([{ cause: 'database', check }]);
  readiness.beginStop();
  expect(await readiness.findFault()).toBe('stopping');
  expect(check).not.toHaveBeenCalled();
});

test('a check that hangs has failed after 2 s, and is not begun again while it hangs', async () => {
  vi.useFakeTimers();
  const hanging = Promise.withResolvers<void>();
  const check = vi.fn(() => hanging.promise);
  const readiness = createReadiness([{ cause: 'database', check }]);
  const answers = [readiness.findFault(), readiness.findFault()];
  await vi.advanceTimersByTimeAsync(1_999);
  expect(await Promise.race([...answers, 'waiting'])).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(await Promise.all(answers)).toEqual(['database', 'database']);
  expect(check).toHaveBeenCalledTimes(1);
  hanging.resolve();
  expect(await readiness.findFault()).toBeNull();
});
