import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deepestFirst,
  type HierarchyNode,
  MAX_DEPTH,
  place,
  type SuspendableNode,
  suspendedAncestor,
} from '../../../src/rules/hierarchy.ts';

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

  it('looks up as many Workspaces as there are above, in an Org of any size: 2,000 cost at most 32 each', () => {
    for (const [shape, parentOf] of [
      ['a fan', () => undefined],
      ['chains of 10', (index: number) => (index % 10 === 0 ? undefined : index - 1)],
      ['one chain', (index: number) => (index === 0 ? undefined : index - 1)],
      ['one circle', (index: number) => (index + 1) % 2000],
    ] as const) {
      const nodes = new Map<string, HierarchyNode>(
        Array.from({ length: 2000 }, (_, index) => {
          const parent = parentOf(index);
          const node = { name: `w${index}`, isPlatform: false };
          return [node.name, parent === undefined ? node : { ...node, parentName: `w${parent}` }];
        }),
      );
      let lookups = 0;
      const lookup = (name: string): HierarchyNode | undefined => {
        lookups += 1;
        return nodes.get(name);
      };
      for (const node of nodes.values()) place(node, { platformAgent: PLATFORM, lookup });
      expect(lookups, shape).toBeLessThanOrEqual(2000 * MAX_DEPTH);
    }
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

describe('suspendedAncestor()', () => {
  /** Names with a star are suspended. */
  function forest(parents: Readonly<Record<string, string | undefined>>) {
    const plain = (name: string): string => name.replace('*', '');
    const nodes = new Map<string, SuspendableNode>(
      Object.entries(parents).map(([name, parent]) => [
        plain(name),
        {
          name: plain(name),
          isPlatform: plain(name) === PLATFORM,
          isSuspended: name.endsWith('*'),
          ...(parent === undefined ? {} : { parentName: parent }),
        },
      ]),
    );
    return (name: string) =>
      suspendedAncestor(nodes.get(name) ?? { name, isPlatform: false }, {
        platformAgent: PLATFORM,
        lookup: (other) => nodes.get(other),
      });
  }

  it.each([
    ['nobody when nobody above is', { a: undefined, b: 'a' }, 'b', undefined],
    ['nobody for one that is suspended itself', { 'a*': undefined }, 'a', undefined],
    ['the parent', { 'a*': undefined, b: 'a' }, 'b', 'a'],
    ['the nearest one of several', { 'a*': undefined, 'b*': 'a', c: 'b' }, 'c', 'b'],
    ['one further up', { 'a*': undefined, b: 'a', c: 'b' }, 'c', 'a'],
    ['the platform agent, for everybody', { [`${PLATFORM}*`]: undefined, a: undefined, b: 'a' }, 'b', PLATFORM],
    ['nobody for the platform agent itself', { [`${PLATFORM}*`]: undefined }, PLATFORM, undefined],
    ['one above which the tree is broken', { 'a*': 'gone', b: 'a' }, 'b', 'a'],
    [
      'the platform agent, also past a parent that is missing',
      { [`${PLATFORM}*`]: undefined, b: 'gone' },
      'b',
      PLATFORM,
    ],
    ['the platform agent, also for a circle', { [`${PLATFORM}*`]: undefined, a: 'b', b: 'a' }, 'b', PLATFORM],
    ['nobody beyond a parent that is missing', { b: 'gone' }, 'b', undefined],
    ['a member of a circle for the others', { 'a*': 'b', b: 'a' }, 'b', 'a'],
    ['nobody in a circle of which nobody is', { a: 'b', b: 'c', c: 'a' }, 'a', undefined],
    ['nobody below a circle of which nobody is', { a: 'b', b: 'a', c: 'a' }, 'c', undefined],
  ] as const)('names %s', (_sentence, parents, name, expected) => {
    expect(forest(parents)(name)).toBe(expected);
  });
});

describe('deepestFirst()', () => {
  const order = (parents: Readonly<Record<string, string | undefined>>): readonly string[] => {
    const nodes = new Map<string, HierarchyNode>(
      Object.entries(parents).map(([name, parentName]) => [
        name,
        { name, isPlatform: false, ...(parentName === undefined ? {} : { parentName }) },
      ]),
    );
    const hierarchy = { platformAgent: PLATFORM, lookup: (name: string) => nodes.get(name) };
    return deepestFirst([...nodes.values()], { nodeOf: (node) => node, hierarchy }).map(({ name }) => name);
  };

  it('begins with those without a place, ends with those below the root, and keeps to the alphabet between equals', () => {
    expect(order({ b: undefined, a: undefined, c: 'a', d: 'gone', e: 'c' })).toEqual(['d', 'e', 'c', 'a', 'b']);
  });

  it('never puts a Workspace before one below it, in any forest', () => {
    const names = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(fc.array(fc.option(names, { nil: undefined }), { maxLength: 40 }), (parents) => {
        const named = Object.fromEntries(
          parents.map((parent, index) => [`w${index}`, parent === undefined ? undefined : `w${parent}`]),
        );
        const sorted = order(named);
        expect(sorted.toSorted()).toEqual(Object.keys(named).toSorted());
        const placement = tree(named);
        for (const [name, parent] of Object.entries(named)) {
          if (parent === undefined || placement(name).kind !== 'placed') continue;
          expect(sorted.indexOf(name)).toBeLessThan(sorted.indexOf(parent));
        }
      }),
    );
  });
});
