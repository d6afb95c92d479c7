import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { gatherWorkspace, type WorkspaceSources } from '../../../../src/controllers/workspace/gather.ts';
import { childName } from '../../../../src/rules/identity.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { meta, NAMESPACE, org, storedTemplate, uidOf, workspace } from '../../../builders/objects.ts';

const key = (name: string) => ({ namespace: NAMESPACE, name });
const below = (name: string, parent: string) =>
  workspace(name, { spec: { kind: 'workspace', parentRef: { name: parent } } });

function sources(changes: Partial<WorkspaceSources> & { readonly list?: readonly Workspace[] }): WorkspaceSources {
  return {
    orgs: fakeStore([org()]),
    workspaces: fakeStore(changes.list ?? []),
    templateAssets: fakeStore([storedTemplate('claude'), storedTemplate('platform-agent')]),
    pods: fakeStore([]),
    volumes: fakeStore([]),
    reportOf: () => undefined,
    canRestartInPlace: () => true,
    settings: { programImage: 'x', materializeCommand: [], assetServerURL: 'http://x' },
    ...changes,
  };
}

describe('gatherWorkspace()', () => {
  it('finds nothing to do for a Workspace that is gone', () => {
    expect(gatherWorkspace(key('gone'), sources({}))).toBeUndefined();
  });

  it('collects the named parents upward and ends at a missing one or in a circle', () => {
    const list = [below('a', 'b'), below('b', 'c'), below('x', 'y'), below('y', 'x')];
    expect([...(gatherWorkspace(key('a'), sources({ list }))?.ancestors.keys() ?? [])]).toEqual(['b']);
    expect([...(gatherWorkspace(key('x'), sources({ list }))?.ancestors.keys() ?? [])]).toEqual(['y', 'x']);
  });

  it('finds Pod and volume under the name of the incarnation in status, also after the object was made anew', () => {
    const incarnation = '77777777-7777-4777-8777-777777777777';
    const name = childName('a', incarnation);
    const pod = { metadata: meta(name, uidOf('pod')), phase: 'Running', isReady: true };
    const list = [workspace('a', { status: { incarnation } })];
    const snapshot = gatherWorkspace(
      key('a'),
      sources({ list, pods: fakeStore([pod]), volumes: fakeStore([{ metadata: meta(name, uidOf('pvc')) }]) }),
    );
    expect([snapshot?.pod?.metadata.uid, snapshot?.volume?.metadata.uid]).toEqual([uidOf('pod'), uidOf('pvc')]);
  });

  it.each([
    [
      'the one that is named',
      workspace('a', { spec: { kind: 'workspace', templateRef: { name: 'claude' } } }),
      'claude',
    ],
    ['none when none is named', workspace('a'), undefined],
    [
      'for the platform agent the one of its name (TA-7)',
      workspace('a', { spec: { kind: 'platform' } }),
      'platform-agent',
    ],
    [
      'never another one than the named (TA-6)',
      workspace('a', { spec: { kind: 'platform', templateRef: { name: 'gone' } } }),
      undefined,
    ],
  ])('takes as template %s', (_name, object, expected) => {
    expect(gatherWorkspace(key('a'), sources({ list: [object] }))?.template?.metadata.name).toBe(expected);
  });
});
