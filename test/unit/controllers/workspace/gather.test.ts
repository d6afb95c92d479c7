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
    readPod: async () => undefined,
    settings: { programImage: 'x', materializeCommand: [], assetServerURL: 'http://x' },
    ...changes,
  };
}

const { signal } = new AbortController();
const gather = (name: string, world: Parameters<typeof sources>[0]) =>
  gatherWorkspace(key(name), sources(world), signal);

describe('gatherWorkspace()', () => {
  it('finds nothing to do for a Workspace that is gone', async () => {
    expect(await gather('gone', {})).toBeUndefined();
  });

  it('collects the named parents upward and ends at a missing one or in a circle', async () => {
    const list = [below('a', 'b'), below('b', 'c'), below('x', 'y'), below('y', 'x')];
    expect([...((await gather('a', { list }))?.ancestors.keys() ?? [])]).toEqual(['b']);
    expect([...((await gather('x', { list }))?.ancestors.keys() ?? [])]).toEqual(['y', 'x']);
  });

  it('finds Pod and volume under the name of the incarnation in status, also after the object was made anew', async () => {
    const incarnation = '77777777-7777-4777-8777-777777777777';
    const name = childName('a', incarnation);
    const pod = { metadata: meta(name, uidOf('pod')), phase: 'Running', isReady: true };
    const list = [workspace('a', { status: { incarnation } })];
    const snapshot = await gather('a', {
      list,
      pods: fakeStore([pod]),
      volumes: fakeStore([{ metadata: meta(name, uidOf('pvc')) }]),
    });
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
  ])('takes as template %s', async (_name, object, expected) => {
    expect((await gather('a', { list: [object] }))?.template?.metadata.name).toBe(expected);
  });

  it.each([
    ['asks for the Pod itself when the Workspace is being deleted', '2026-03-01T09:00:00Z', 1],
    ['asks for nothing otherwise', undefined, 0],
  ])('%s', async (_name, deletionTimestamp, asked) => {
    const stripped = { metadata: meta('a', uidOf('stripped')), phase: 'Running', isReady: true };
    const metadata = { ...workspace('a').metadata, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) };
    const list = [workspace('a', { metadata })];
    const snapshot = await gather('a', { list, readPod: async () => stripped });
    expect(snapshot?.pod === undefined ? 0 : 1).toBe(asked);
  });
});
