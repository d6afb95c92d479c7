import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS, VOLUME_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import type { ObservedMeta, ObservedVolume } from '../../../../src/controllers/workspace/observed.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { granted } from '../../../builders/approval-request.ts';
import { uidOf, workspace } from '../../../builders/objects.ts';
import { CHILD, condition, LATER, running, snapshot, templated, volumeOf } from './fixture.ts';

/** A running Workspace whose Pod or volume somebody edited. */
function edited(kind: 'pod' | 'volume', edit: (metadata: ObservedMeta) => Partial<ObservedMeta>): WorkspaceSnapshot {
  const world = running();
  const child = world[kind];
  if (child === undefined) throw new Error(`Cannot edit the ${kind}: there is none`);
  return { ...world, [kind]: { ...child, metadata: { ...child.metadata, ...edit(child.metadata) } } };
}

const without = (values: Readonly<Record<string, string>> | undefined, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(values ?? {}).filter(([key]) => key !== name));

const patchesOf = (world: WorkspaceSnapshot) =>
  planWorkspace(world, LATER).writes?.map((write) => [
    write.kind === 'patch' ? write.resource.kind : write.kind,
    write.kind === 'patch' ? write.patch : write.object,
  ]);

const INCARNATION = uidOf('researcher');

describe('what somebody changed on a Pod', () => {
  it.each([
    [
      'a label of ours that was changed',
      edited('pod', ({ labels }) => ({ labels: { ...labels, [LABELS.workspace]: 'other' } })),
      { labels: { [LABELS.workspace]: 'researcher' } },
    ],
    [
      'a label of ours that was removed',
      edited('pod', ({ labels }) => ({ labels: without(labels, LABELS.incarnation) })),
      { labels: { [LABELS.incarnation]: INCARNATION } },
    ],
    [
      'an annotation of ours that was changed',
      edited('pod', ({ annotations }) => ({ annotations: { ...annotations, [ANNOTATIONS.incarnation]: 'other' } })),
      { annotations: { [ANNOTATIONS.incarnation]: INCARNATION } },
    ],
    [
      'an annotation of ours that was removed',
      edited('pod', ({ annotations }) => ({ annotations: without(annotations, ANNOTATIONS.workspaceUID) })),
      { annotations: { [ANNOTATIONS.workspaceUID]: INCARNATION } },
    ],
  ])('is put back in place: %s', (_name, world, metadata) => {
    expect(patchesOf(world)).toEqual([['Pod', { metadata }]]);
    expect(planWorkspace(world, LATER).deletes).toBeUndefined();
  });

  it.each([
    ['removed', (metadata: ObservedMeta) => without(metadata.annotations, ANNOTATIONS.specHash)],
    ['changed', (metadata: ObservedMeta) => ({ ...metadata.annotations, [ANNOTATIONS.specHash]: 'other' })],
  ])('makes it anew when what says from which spec it is was %s', (_name, edit) => {
    const plan = planWorkspace(
      edited('pod', (metadata) => ({ annotations: edit(metadata) })),
      LATER,
    );
    expect([plan.deletes?.length, plan.writes]).toEqual([1, undefined]);
  });

  it.each(['agent', 'materialize'])('makes it anew when the image of %s was changed, and tells it', (container) => {
    const plan = planWorkspace(running({ editedImages: { [container]: 'evil/image:1' } }), LATER);
    expect(plan.deletes).toHaveLength(1);
    expect(plan.events).toMatchObject([
      { type: 'Normal', reason: 'Replacing', note: expect.stringContaining(`the image of its container ${container}`) },
    ]);
    expect(condition(plan, 'Ready')).toMatchObject({ status: 'False', reason: 'Replacing' });
  });

  it('leaves a Pod alone whose spec was edited and whose images are as wanted', () => {
    const editedImages = { agent: 'example/agent:1', materialize: 'example/operator:1' };
    expect(planWorkspace(running({ editedImages }), LATER).deletes).toBeUndefined();
  });
});

describe('a deletion', () => {
  it('takes along a Pod of ours on which somebody changed whose it is', () => {
    const world = edited('pod', ({ annotations }) => ({ annotations: without(annotations, ANNOTATIONS.incarnation) }));
    const { metadata } = world.workspace;
    const deleted = { ...world.workspace, metadata: { ...metadata, deletionTimestamp: '2026-03-01T10:00:00Z' } };
    const plan = planWorkspace({ ...world, workspace: deleted, leave: granted() }, LATER);
    expect([plan.deletes?.length, plan.removeFinalizer]).toEqual([1, undefined]);
  });
});

describe('what somebody changed on a volume', () => {
  it.each([
    [
      'a label of ours',
      edited('volume', ({ labels }) => ({ labels: { ...labels, [LABELS.workspace]: 'other' } })),
      { labels: { [LABELS.workspace]: 'researcher' } },
    ],
    [
      'an annotation of ours',
      edited('volume', ({ annotations }) => ({ annotations: without(annotations, ANNOTATIONS.incarnation) })),
      { annotations: { [ANNOTATIONS.incarnation]: INCARNATION } },
    ],
    [
      'our finalizer, beside that of others, if the list is still the one that was read',
      edited('volume', () => ({ finalizers: ['kubernetes.io/pvc-protection'] })),
      { resourceVersion: '100', finalizers: ['kubernetes.io/pvc-protection', VOLUME_FINALIZER] },
    ],
  ])('is put back in place: %s', (_name, world, metadata) => {
    expect(patchesOf(world)).toEqual([['PersistentVolumeClaim', { metadata }]]);
  });

  it('is put back before a Pod is made on it', () => {
    const { volume } = edited('volume', () => ({ finalizers: [] }));
    const kinds = planWorkspace(snapshot({ volume }), LATER).writes?.map(({ kind }) => kind);
    expect(kinds).toEqual(['patch', 'create']);
  });

  it('is not put back where nothing can be put on any more', () => {
    const world = edited('volume', () => ({ finalizers: ['other'], deletionTimestamp: '2026-03-01T10:00:00Z' }));
    expect(patchesOf(world)).toEqual([]);
  });

  it("is nobody's that says so twice: a volume of another Workspace is never touched", () => {
    const world = { ...running(), volume: volumeOf('99999999-9999-4999-8999-999999999999') };
    const plan = planWorkspace(world, LATER);
    expect([plan.writes, plan.deletes]).toEqual([undefined, undefined]);
    expect(condition(plan, 'VolumeReady')).toMatchObject({ status: 'False', reason: 'VolumeConflict' });
  });
});

describe('the size of a volume', () => {
  const sized = (size: string, volume: Partial<ObservedVolume> = {}, changes: Partial<WorkspaceSnapshot> = {}) => {
    const { spec } = templated();
    const world = running(
      {},
      { workspace: workspace('researcher', { spec: { ...spec, storage: { size } } }), ...changes },
    );
    return { ...world, volume: volumeOf(undefined, volume) };
  };
  const resize = ['PersistentVolumeClaim', { spec: { resources: { requests: { storage: '2Gi' } } } }];

  it('grows when a larger one is wanted, while the agent runs', () => {
    const plan = planWorkspace(sized('2Gi'), LATER);
    expect(patchesOf(sized('2Gi'))).toEqual([resize]);
    expect(plan.deletes).toBeUndefined();
    expect(condition(plan, 'VolumeReady')).toMatchObject({ status: 'False', reason: 'Resizing' });
    expect(condition(plan, 'Reconciling')?.status).toBe('True');
  });

  it.each([
    ['a smaller one is wanted', sized('500Mi')],
    ['the same is wanted in other words', sized('1024Mi')],
    ['it is not bound', sized('2Gi', { phase: 'Pending' })],
    [
      'it is being deleted',
      sized('2Gi', { metadata: { ...volumeOf().metadata, deletionTimestamp: '2026-03-01T10:00:00Z' } }),
    ],
    ['that was refused, in the pass that tells it', sized('2Gi', {}, { lastFailure: { message: 'forbidden' } })],
  ])('stays when %s', (_name, world) => {
    expect(patchesOf(world)).toEqual([]);
  });

  it('tells a refusal without stopping the agent, and tries again when it looks again', () => {
    const lastFailure = 'only dynamically provisioned pvc can be resized';
    const plan = planWorkspace(sized('2Gi', {}, { lastFailure: { message: lastFailure } }), LATER);
    expect(condition(plan, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ResizeRefused',
      message: `The volume keeps its size: ${lastFailure}`,
    });
    expect(plan.status?.patch).toMatchObject({ phase: 'Degraded', endpoint: 'http://10.1.0.7:8000' });
    expect(plan.outcome).toEqual({ kind: 'waiting', recheckAfterMs: 600_000 });
    expect(plan.deletes).toBeUndefined();
  });

  it('keeps telling the refusal while it tries again', () => {
    const refused = sized('2Gi', {}, { lastFailure: { message: 'forbidden' } });
    const status = planWorkspace(refused, LATER).status?.patch as WorkspaceSnapshot['workspace']['status'];
    const { lastFailure: _told, ...next } = refused;
    const plan = planWorkspace({ ...next, workspace: { ...refused.workspace, ...(status && { status }) } }, LATER);
    expect([plan.status, plan.writes?.length]).toEqual([undefined, 1]);
  });

  it('is asked for in vain only where the Pod is there: the first volume has it from the beginning', () => {
    const world = sized('2Gi');
    expect(patchesOf({ ...world, pod: undefined })?.map(([kind]) => kind)).toEqual(['create']);
    expect(planWorkspace({ ...world, pod: undefined }, LATER).writes?.[0]).toMatchObject({
      object: { metadata: { name: CHILD } },
    });
  });
});
