import { describe, expect, it } from 'vitest';
import { firstDrift } from '../../../src/platform/first-drift.ts';

describe('firstDrift', () => {
  it.each([
    ['equal values', { a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }, undefined],
    ['members that the apiserver added', { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: [] }, undefined],
    ['another value', { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, 'spec.a.c'],
    ['a missing member', { a: { b: 1 } }, { a: {} }, 'spec.a.b'],
    ['a longer list', { a: [1] }, { a: [1, 2] }, 'spec.a'],
    ['a shorter list', { a: [1, 2] }, { a: [1] }, 'spec.a'],
    ['another member of a list', { a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, 'spec.a[1].b'],
    ['a list where an object was', { a: {} }, { a: [] }, 'spec.a'],
    ['nothing where something was', { a: {} }, undefined, 'spec'],
    ['null where an object was', { a: {} }, { a: null }, 'spec.a'],
  ])('for %s', (_name, wanted, live, path) => {
    expect(firstDrift(wanted, live, 'spec')).toBe(path);
  });
});
