import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../../../src/apis/v1alpha1/names.ts';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { isClaimed, orphanBasis, planOrphan } from '../../../../src/controllers/workspace/orphans.ts';
import { approvalRequest, requestStore } from '../../../builders/approval-request.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { NAMESPACE, uidOf, workspace } from '../../../builders/objects.ts';
import { podOf, snapshot } from './fixture.ts';

const INCARNATION = uidOf('researcher');
const POD = podOf(snapshot());
const reborn = (changes: Partial<Workspace> = {}) => {
  const { metadata } = workspace('researcher');
  return workspace('researcher', { metadata: { ...metadata, uid: uidOf('reborn') }, ...changes });
};
const without = (part: 'annotations' | 'labels', ...names: readonly string[]) => {
  const kept = Object.entries(POD.metadata[part] ?? {}).filter(([name]) => !names.includes(name));
  return { ...POD, metadata: { ...POD.metadata, [part]: Object.fromEntries(kept) } };
};

describe('isClaimed()', () => {
  it.each([
    ['by the Workspace that it was made for', POD, [workspace('researcher')], true],
    ['by nobody, where there is no Workspace', POD, [], false],
    ['by nobody, where only its name was taken anew', POD, [reborn()], false],
    ['by one that was made anew with its status', POD, [reborn({ status: { incarnation: INCARNATION } })], true],
    ['by that uid, whatever its status says', POD, [workspace('researcher', { status: { incarnation: 'x' } })], true],
    [
      'by its Workspace, also without the label that names it',
      without('labels', LABELS.workspace),
      [workspace('researcher')],
      true,
    ],
    ['by nobody, without that label and without a Workspace', without('labels', LABELS.workspace), [], false],
    [
      'by we do not know whom, without the uid it was made for',
      without('annotations', ANNOTATIONS.workspaceUID),
      [],
      true,
    ],
    ['by we do not know whom, without its incarnation', without('annotations', ANNOTATIONS.incarnation), [], true],
  ])('%s', (_name, pod, workspaces, expected) => {
    const store = fakeStore<Workspace>(workspaces, { namespace: ({ metadata }) => metadata.namespace });
    expect(isClaimed(pod, { workspaces: store, approvalRequests: requestStore() })).toBe(expected);
  });

  it.each([
    ['while its Workspace is on its way back with it', 'Releasing', INCARNATION, NAMESPACE, true],
    ['not once that is over', 'Restored', INCARNATION, NAMESPACE, false],
    ['not for one that comes back with another', 'Releasing', uidOf('other'), NAMESPACE, false],
    ['not for one of another namespace', 'Releasing', INCARNATION, 'beta', false],
  ] as const)('%s', (_name, state, incarnation, namespace, expected) => {
    const request = approvalRequest(workspace('researcher'), {
      phase: 'Denied',
      restoration: { state, id: uidOf('id'), incarnation },
    });
    const placed = { ...request, metadata: { ...request.metadata, namespace } };
    expect(isClaimed(POD, { workspaces: fakeStore<Workspace>([]), approvalRequests: requestStore(placed) })).toBe(
      expected,
    );
  });
});

describe('planOrphan()', () => {
  const orphan = { pod: POD, namesake: undefined };

  it('waits until nobody has claimed the Pod for two minutes', () => {
    expect(planOrphan({ ...orphan, orphanedForMs: 119_999 })).toEqual({
      outcome: { kind: 'waiting', recheckAfterMs: 1 },
    });
  });

  it('then deletes exactly that Pod, and says so on it', () => {
    const plan = planOrphan({ ...orphan, orphanedForMs: 120_000 });
    const { name, uid, resourceVersion } = POD.metadata;
    expect(plan.deletes).toMatchObject([{ resource: { kind: 'Pod' }, key: { name }, uid, resourceVersion }]);
    expect(plan.events).toMatchObject([{ reason: 'OrphanDeleted', regarding: { apiVersion: 'v1', kind: 'Pod', uid } }]);
    expect(plan).toMatchObject({ outcome: { kind: 'settled' } });
  });

  it('has nothing to do for one that is going already', () => {
    const pod = { ...POD, metadata: { ...POD.metadata, deletionTimestamp: '2026-03-01T10:00:00Z' } };
    expect(planOrphan({ ...orphan, pod, orphanedForMs: 120_000 })).toEqual({ outcome: { kind: 'settled' } });
  });

  it('holds only while the Workspace of that name is what it was seen to be', () => {
    const namesake = reborn();
    const key = { namespace: NAMESPACE, name: 'researcher' };
    expect(orphanBasis({ ...orphan, orphanedForMs: 0 })).toMatchObject([{ key, observed: undefined }]);
    expect(orphanBasis({ ...orphan, namesake, orphanedForMs: 0 })).toMatchObject([{ key, observed: namesake }]);
    const nameless = without('labels', LABELS.workspace);
    expect(orphanBasis({ pod: nameless, namesake: undefined, orphanedForMs: 0 })).toEqual([]);
  });
});
