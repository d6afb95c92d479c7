import { expect, it } from 'vitest';
import { LruMap } from '../../../src/runtime/lru-map.ts';

it('keeps as many as it may, and lets go of what nobody asked for the longest', () => {
  const map = new LruMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  expect(map.get('a')).toBe(1);
  map.set('c', 3);
  expect([map.size, map.get('a'), map.get('b'), map.get('c')]).toEqual([2, 1, undefined, 3]);
});

it('counts a value that is written anew once, and forgets what is deleted', () => {
  const map = new LruMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect([map.get('a'), map.get('b')]).toEqual([3, undefined]);
  map.delete('a');
  expect([map.size, map.get('a')]).toEqual([1, undefined]);
});
