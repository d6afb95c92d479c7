import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HierarchyNode, MAX_DEPTH, place } from '../../../src/rules/hierarchy.ts';

const PLATFORM = 'platform-agent';

function tree(parents: Readonly<Record<string, string | undefined>>) {
  const nodes = new Map<string, HierarchyNode>(
    Object.entries(parents).map(([name, parentName]) => [
      name,
      { name, isPlatform: false, ...(parentName === undefined ? {} : { parentName }) },
    ]),
  );
  const lookup = (name: string): HierarchyNode | undefined => nodes.get(name);
  return (name: string) =>
    place(nodes.get(name) ?? { name, isPlatform: name === PLATFORM }, { platformAgent: PLATFORM, lookup });
}

describe('place()', () => {
  it('puts the platform agent at the root', () => {
    expect(tree({})(PLATFORM)).toEqual({ kind: 'placed', root: PLATFORM, depth: 0 });
  });

  it('puts a Workspace without parentRef under the platform agent, which need not exist yet', () => {
    expect(tree({ a: undefined })('a')).toEqual({ kind: 'placed', root: PLATFORM, parent: PLATFORM, depth: 1 });
  });

  it('counts the steps to the root', () => {
    expect(tree({ a: undefined, b: 'a', c: 'b' })('c')).toEqual({
      kind: 'placed',
      root: PLATFORM,
      parent: 'b',
      depth: 3,
    });
  });

  it('accepts the platform agent as an explicit parent', () => {
    expect(tree({ a: PLATFORM })('a')).toMatchObject({ parent: PLATFORM, depth: 1 });
  });

  it('names a parent that does not exist, also when it is not the direct one', () => {
    expect(tree({ a: 'b', b: 'gone' })('a')).toEqual({
      kind: 'misplaced',
      reason: 'ParentNotFound',
      message: 'Workspace "gone" does not exist in this namespace; create it or change spec.parentRef',
    });
  });

  it('tells every member of a circle, and those below it, the same sentence', () => {
    const placement = tree({ a: 'b', b: 'c', c: 'a', below: 'a' });
    const message = '"a", "b", "c" form a circle; set another spec.parentRef on one of them';
    for (const name of ['a', 'b', 'c', 'below']) {
      expect(placement(name)).toEqual({ kind: 'misplaced', reason: 'ParentCycle', message });
    }
  });

  it('accepts a chain of the greatest depth and refuses one step more', () => {
    const chain: Record<string, string | undefined> = { w1: undefined };
    for (let depth = 2; depth <= MAX_DEPTH + 1; depth += 1) chain[`w${depth}`] = `w${depth - 1}`;
    expect(tree(chain)(`w${MAX_DEPTH}`)).toMatchObject({ kind: 'placed', depth: MAX_DEPTH });
    expect(tree(chain)(`w${MAX_DEPTH + 1}`)).toMatchObject({ kind: 'misplaced', reason: 'TooDeep' });
  });

  it('gives a placed child exactly one step more than its parent, in any forest', () => {
    const names = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(fc.array(fc.option(names, { nil: undefined }), { maxLength: 40 }), (parents) => {
        const placement = tree(
          Object.fromEntries(
            parents.map((parent, index) => [`w${index}`, parent === undefined ? undefined : `w${parent}`]),
          ),
        );
        for (const index of parents.keys()) {
          const own = placement(`w${index}`);
          if (own.kind !== 'placed' || own.parent === undefined) continue;
          const above = placement(own.parent);
          expect(above.kind === 'placed' ? above.depth + 1 : undefined).toBe(own.depth);
        }
      }),
    );
  });
});
