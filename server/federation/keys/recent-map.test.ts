import { expect, it } from 'vitest';
import { createRecentMap } from './recent-map.ts';

it('the entry unused for longest is forgotten, one just read is kept', () => {
  const map = createRecentMap<string, { id: number }>(2);
  map.set('a', { id: 1 });
  map.set('b', { id: 2 });
  expect(map.get('a')).toEqual({ id: 1 });
  map.set('c', { id: 3 });
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([{ id: 1 }, undefined, { id: 3 }]);
});

it('a deleted entry is absent', () => {
  const map = createRecentMap<string, { id: number }>(2);
  map.set('a', { id: 1 });
  map.delete('a');
  expect(map.get('a')).toBeUndefined();
});
