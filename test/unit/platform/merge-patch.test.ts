import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergePatch } from '../../../src/platform/merge-patch.ts';

type Json = Readonly<Record<string, unknown>>;

/** RFC 7396, section 2, as the apiserver does it. */
function apply(target: Json, patch: Json): Json {
  const result: Record<string, unknown> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = apply(isObject(result[key]) ? result[key] : {}, value);
    else result[key] = value;
  }
  return result;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.array(fc.integer(), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { maxKeys: 4, noNullPrototype: true }),
})).object as fc.Arbitrary<Json>;

describe('mergePatch()', () => {
  it('gives what brings the one to the other', () => {
    fc.assert(
      fc.property(json, json, (from, to) => {
        expect(apply(from, mergePatch(from, to) ?? {})).toEqual(to);
      }),
    );
  });

  it('gives nothing between equal values', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(mergePatch(value, structuredClone(value))).toBeUndefined();
      }),
    );
  });

  it('names only what differs, removes with null and replaces lists as a whole', () => {
    expect(mergePatch({ a: 1, b: { c: 1, d: 2 }, e: [1], f: 'gone' }, { a: 1, b: { c: 1, d: 3 }, e: [1, 2] })).toEqual({
      b: { d: 3 },
      e: [1, 2],
      f: null,
    });
  });
});
