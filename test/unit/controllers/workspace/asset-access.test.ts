import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { TemplateAsset, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { createAssetAccess } from '../../../../src/controllers/workspace/asset-access.ts';
import type { ObservedPod } from '../../../../src/controllers/workspace/observed.ts';
import { childName } from '../../../../src/rules/identity.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { DIGEST, meta, NAMESPACE, storedTemplate, uidOf, workspace } from '../../../builders/objects.ts';

const CHILD = childName('researcher', uidOf('researcher'));
const identity = { namespace: NAMESPACE, podName: CHILD, podUID: uidOf('pod'), serviceAccount: 'default' };

function pod(changes: Partial<ObservedPod['metadata']> = {}): ObservedPod {
  const annotations = { [ANNOTATIONS.workspaceUID]: uidOf('researcher') };
  return { metadata: { ...meta(CHILD, uidOf('pod')), annotations, ...changes }, phase: 'Running', isReady: false };
}

const researcher = workspace('researcher', { spec: { kind: 'workspace', templateRef: { name: 'claude' } } });

function access(world: {
  pods?: readonly ObservedPod[];
  workspaces?: readonly Workspace[];
  templates?: readonly TemplateAsset[];
}) {
  return createAssetAccess({
    pods: fakeStore(world.pods ?? [pod()]),
    workspaces: fakeStore(world.workspaces ?? [researcher], { uid: (object) => object.metadata.uid }),
    templateAssets: fakeStore(world.templates ?? [storedTemplate('claude')]),
  });
}

describe('createAssetAccess()', () => {
  it("opens the tree of the Workspace's template to its live Pod", () => {
    expect(access({})(identity)).toEqual({
      workspace: { namespace: NAMESPACE, name: 'researcher', uid: uidOf('researcher'), podUID: uidOf('pod') },
      digest: DIGEST,
    });
  });

  it.each([
    ['a Pod that is gone', { pods: [] }],
    ['a namesake of the Pod with another uid', { pods: [pod({ uid: uidOf('another') })] }],
    ['a Pod that is terminating', { pods: [pod({ deletionTimestamp: '2026-03-01T10:00:00Z' })] }],
    ['a Pod whose Workspace is gone', { workspaces: [] }],
    [
      "a Pod that claims somebody else's Workspace",
      { workspaces: [workspace('writer', { metadata: meta('writer', uidOf('researcher')), spec: researcher.spec })] },
    ],
    [
      'a Workspace of another namespace',
      { workspaces: [{ ...researcher, metadata: { ...researcher.metadata, namespace: 'other' } }] },
    ],
    ['a Workspace without a template', { workspaces: [workspace('researcher')] }],
    ['a template without an artifact', { templates: [] }],
  ])('opens nothing to %s', (_name, world) => {
    expect(access(world)(identity)).toBeUndefined();
  });
});
