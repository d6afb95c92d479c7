import { describe, expect, it } from 'vitest';
import { listNames } from '../../../src/conditions/name-list.ts';

describe('listNames()', () => {
  it.each([
    ['sorts', ['b', 'a'], 'a, b'],
    ['shows five', ['e', 'd', 'c', 'b', 'a'], 'a, b, c, d, e'],
    ['counts the rest', ['f', 'e', 'd', 'c', 'b', 'a', 'g'], 'a, b, c, d, e and 2 more'],
  ])('%s', (_sentence, names, text) => {
    expect(listNames(names)).toBe(text);
  });
});
