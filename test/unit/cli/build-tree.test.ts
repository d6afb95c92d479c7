import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTrees } from '../../../src/cli/tree/build-tree.ts';
import type { OrgTree, TreeNode } from '../../../src/cli/tree/org-tree.ts';
import { child, condition, org, workspace } from './objects.ts';

type Names = readonly [name: string, ...children: Names[]];

function names(node: TreeNode): Names {
  return [node.name, ...node.children.map(names)];
}

function allNames(node: TreeNode): readonly string[] {
  return [node.name, ...node.children.flatMap(allNames)];
}

function treeOf(...workspaces: Parameters<typeof buildTrees>[1]): OrgTree {
  const tree = buildTrees([org('acme')], workspaces)[0];
  if (tree === undefined) throw new Error('no tree');
  return tree;
}

describe('buildTrees', () => {
  it('hangs everything without a parent on the platform agent, by name', () => {
    const tree = treeOf(
      workspace('writer'),
      child('librarian', 'researcher'),
      workspace('researcher'),
      workspace('platform-agent'),
    );
    expect(names(tree.root)).toEqual(['platform-agent', ['researcher', ['librarian']], ['writer']]);
    expect(tree.detached).toEqual([]);
  });

  it('takes a parentRef to the platform agent as no parent', () => {
    expect(names(treeOf(child('writer', 'platform-agent')).root)).toEqual(['platform-agent', ['writer']]);
  });

  it('shows the platform agent as missing before it exists', () => {
    const tree = treeOf(workspace('writer'));
    expect(tree.root).toMatchObject({ name: 'platform-agent', kind: 'platform', state: 'Missing', createdAt: null });
    expect(names(tree.root)).toEqual(['platform-agent', ['writer']]);
  });

  it('keeps what hangs on a missing parent, with its own children', () => {
    const tree = treeOf(workspace('platform-agent'), child('lost', 'nobody'), child('below', 'lost'));
    expect(tree.detached.map(names)).toEqual([['lost', ['below']]]);
    expect(tree.detached[0]).toMatchObject({
      detachedReason: 'ParentNotFound',
      detachedMessage: expect.stringContaining('"nobody" does not exist'),
    });
  });

  it('keeps every member of a circle once, with what hangs on it', () => {
    const tree = treeOf(child('a', 'b'), child('b', 'c'), child('c', 'a'), child('tail', 'b'));
    expect(tree.detached.map(names)).toEqual([['a'], ['b', ['tail']], ['c']]);
    expect(tree.detached.map((node) => node.detachedReason)).toEqual(['ParentCycle', 'ParentCycle', 'ParentCycle']);
  });

  it('keeps namespaces apart, also parents of the same name, and sorts them', () => {
    const trees = buildTrees(
      [org('zoo'), org('acme')],
      [child('a', 'b'), workspace('b', { metadata: { namespace: 'zoo', name: 'b' } })],
    );
    expect(trees.map((tree) => [tree.namespace, tree.detached.length])).toEqual([
      ['acme', 1],
      ['zoo', 0],
    ]);
  });

  it('says that a namespace with Workspaces has no Org', () => {
    const [tree] = buildTrees([], [workspace('writer')]);
    expect(tree).toMatchObject({
      namespace: 'acme',
      orgID: null,
      displayName: null,
      createdAt: null,
      state: 'Missing',
      reason: 'OrgNotFound',
    });
  });

  it('shows every Workspace exactly once, whatever the parents', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'gone', 'platform-agent');
    const parents = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.option(name));
    fc.assert(
      fc.property(parents, (byName) => {
        const workspaces = Object.entries(byName).map(([own, parent]) =>
          parent === null ? workspace(own) : child(own, parent),
        );
        const [tree] = buildTrees([org('acme')], workspaces);
        const shown = tree === undefined ? [] : [tree.root, ...tree.detached].flatMap(allNames);
        expect(shown.sort()).toEqual([...Object.keys(byName), 'platform-agent'].sort());
      }),
    );
  });
});

describe('the state of an object', () => {
  const not = (reason: string) => condition('Ready', 'False', { reason, message: 'because' });
  const reconciling = condition('Reconciling', 'True', { reason: 'Materializing' });
  const stalled = condition('Stalled', 'True', { reason: 'ParentCycle' });
  const suspended = { spec: { suspend: true }, status: { observedGeneration: 1, conditions: [not('Suspended')] } };
  const deleting = { metadata: { deletionTimestamp: '2026-11-21T07:10:00Z' } };

  it.each([
    ['Ready', {}],
    ['Progressing', { status: { observedGeneration: 1, conditions: [not('Materializing'), reconciling] } }],
    ['Progressing', { metadata: { generation: 2 } }],
    ['Waiting', { status: { observedGeneration: 1, conditions: [not('TemplateNotReady')] } }],
    ['Failed', { status: { observedGeneration: 1, conditions: [not('ParentCycle'), stalled] } }],
    ['Unknown', { status: { observedGeneration: 1, conditions: [condition('Ready', 'Unknown', { reason: 'x' })] } }],
    ['Unknown', { status: { conditions: [] } }],
    ['Suspended', suspended],
    ['Deleting', deleting],
    ['Deleting', { ...deleting, status: { conditions: [] } }],
  ] as const)('is %s for %j', (state, overrides) => {
    expect(treeOf(workspace('writer', overrides)).root.children[0]?.state).toBe(state);
  });

  it('carries reason and message of Ready', () => {
    const writer = workspace('writer', { status: { observedGeneration: 1, conditions: [not('TemplateNotReady')] } });
    expect(treeOf(writer).root.children[0]).toMatchObject({ reason: 'TemplateNotReady', message: 'because' });
  });
});
