import { describe, expect, test } from 'vitest';
import { createGroupCommit } from './group-commit.ts';
import type { Flushed, GroupCommitOptions } from './group-commit.ts';

/** What the tests store: a name, the keys it is about, and how many items it holds. */
interface Item {
  readonly name: string;
  readonly keys: readonly string[];
  readonly size: number;
}

const TRANSIENT = new Error('transient');
const REFUSED = new Error('refused');

const item = (name: string, keys: readonly string[] = [name], size = 1): Item => ({ name, keys, size });
const done = (items: readonly Item[]): readonly Flushed<Item, string>[] => items.map(({ name }) => ({ kind: 'done', result: name }));
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** A group commit whose flushes wait until the test lets them pass. */
function arrange(flush: GroupCommitOptions<Item, string>['flush'] = async (items) => done(items)) {
  const flushes: { readonly names: readonly string[]; pass(): void }[] = [];
  const commit = createGroupCommit<Item, string>({
    maxItems: 4,
    sizeOf: ({ size }) => size,
    keysOf: ({ keys }) => keys,
    async flush(items) {
      await new Promise<void>((pass) => flushes.push({ names: items.map(({ name }) => name), pass }));
      return flush(items);
    },
    isTransient: (error) => error === TRANSIENT,
    isRefusal: (error) => error === REFUSED,
  });
  const pass = async (...indexes: readonly number[]) => {
    for (const index of indexes) flushes[index]?.pass();
    await turn();
  };
  return { commit, pass, names: () => flushes.map((each) => each.names) };
}

describe('what is flushed together', () => {
  test('everything of one turn goes at once, and each caller hears of its own', async () => {
    const { commit, pass, names } = arrange();
    const results = Promise.all([commit(item('a')), commit(item('b')), Promise.resolve().then(() => commit(item('c')))]);
    await turn();
    expect(names()).toEqual([['a', 'b', 'c']]);
    await pass(0);
    expect(await results).toEqual(['a', 'b', 'c']);
  });

  test('at most two flushes run at once, and the next takes all that has come meanwhile', async () => {
    const { commit, pass, names } = arrange();
    for (const name of ['a', 'b', 'c', 'd']) {
      void commit(item(name));
      await turn();
    }
    expect(names()).toEqual([['a'], ['b']]);
    await pass(1);
    expect(names()).toEqual([['a'], ['b'], ['c', 'd']]);
  });

  test('a flush takes no more than its limit, and what is larger goes alone', async () => {
    const { commit, pass, names } = arrange();
    for (const [name, size] of [['a', 3], ['b', 2], ['c', 1], ['d', 9], ['e', 1]] as const) void commit(item(name, [name], size));
    await turn();
    expect(names()).toEqual([['a', 'c'], ['b', 'e']]);
    await pass(0);
    expect(names()[2]).toEqual(['d']);
  });

  test('[DEL-1] what shares a key with a running flush waits, and so does all that shares one with that', async () => {
    const { commit, pass, names } = arrange();
    void commit(item('a1', ['a']));
    await turn();
    for (const each of [item('a2', ['a', 'b']), item('b1', ['b']), item('c1', ['c'])]) void commit(each);
    await turn();
    expect(names()).toEqual([['a1'], ['c1']]);
    await pass(0);
    expect(names()[2]).toEqual(['a2', 'b1']);
  });
});

describe('what does not pass at once', () => {
  test('[DEL-1] what is to be flushed again goes ahead of what came later', async () => {
    let isFirst = true;
    const { commit, pass, names } = arrange(async (items) => {
      const result = isFirst ? items.map((submission): Flushed<Item, string> => ({ kind: 'again', submission: { ...submission, name: `${submission.name}'` } })) : done(items);
      isFirst = false;
      return result;
    });
    const first = commit(item('a1', ['a']));
    await turn();
    void commit(item('a2', ['a']));
    await pass(0);
    expect(names()).toEqual([['a1'], ["a1'", 'a2']]);
    await pass(1);
    expect(await first).toBe("a1'");
  });

  test('a flush that lost against another is tried again as it was', async () => {
    let faults = 2;
    const { commit, pass, names } = arrange(async (items) => {
      if (faults-- > 0) throw TRANSIENT;
      return done(items);
    });
    const results = Promise.all([commit(item('a')), commit(item('b'))]);
    await turn();
    await pass(0);
    await pass(1);
    await pass(2);
    expect(await results).toEqual(['a', 'b']);
    expect(names()).toEqual([['a', 'b'], ['a', 'b'], ['a', 'b']]);
  });

  test('a flush that loses every time is given up', async () => {
    const { commit, pass, names } = arrange(async () => Promise.reject(TRANSIENT));
    const results = Promise.allSettled([commit(item('a'))]);
    await turn();
    for (let index = 0; index < 20; index += 1) await pass(index);
    expect(await results).toEqual([{ status: 'rejected', reason: TRANSIENT }]);
    expect(names()).toHaveLength(20);
  });

  test('of a group that is refused each is tried alone, so that one fault is the fault of one', async () => {
    const { commit, pass } = arrange(async (items) => {
      if (items.some(({ name }) => name === 'bad')) throw REFUSED;
      return done(items);
    });
    const results = Promise.allSettled([commit(item('a')), commit(item('bad')), commit(item('c'))]);
    await turn();
    for (const index of [0, 1, 2, 3]) await pass(index);
    expect(await results).toEqual([{ status: 'fulfilled', value: 'a' }, { status: 'rejected', reason: REFUSED }, { status: 'fulfilled', value: 'c' }]);
  });

  test('a fault of the way to the database fails all of the group at once, and the next group has its own chance', async () => {
    const away = new Error('away');
    let isAway = true;
    const { commit, pass, names } = arrange(async (items) => {
      if (isAway) throw away;
      return done(items);
    });
    const results = Promise.allSettled([commit(item('a')), commit(item('b'))]);
    await turn();
    await pass(0);
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isAway = false;
    const next = commit(item('a'));
    await turn();
    await pass(1);
    expect(await next).toBe('a');
    expect(names()).toHaveLength(2);
  });

  test('a flush that forgets one of its submissions, or fails one, rejects that one', async () => {
    const failed = new Error('failed');
    const { commit, pass } = arrange(async () => [{ kind: 'failed', error: failed }]);
    const results = Promise.allSettled([commit(item('a')), commit(item('b'))]);
    await turn();
    await pass(0);
    expect(await results).toMatchObject([{ status: 'rejected', reason: failed }, { status: 'rejected', reason: { message: expect.stringContaining('nothing') } }]);
  });
});
