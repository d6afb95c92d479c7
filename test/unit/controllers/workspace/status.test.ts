import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { findConformanceFaults, isWaitSatisfied, kstatus } from '../../../../src/conditions/conformance.ts';
import type { ObservedContainer, ObservedPod } from '../../../../src/controllers/workspace/observed.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { org, uidOf, workspace } from '../../../builders/objects.ts';
import { LATER, podOf, running, snapshot, statusOf, templated, volumeOf } from './fixture.ts';

const up: ObservedContainer = { state: 'running', restarts: 0 };
const notReady = (pod: Partial<ObservedPod> = {}) => running({ isReady: false, ...pod });
const hosted = (runtime: string) =>
  snapshot({ workspace: workspace('researcher', { spec: { kind: 'workspace', runtime } }), template: undefined });
const suspended = workspace('researcher', { spec: { kind: 'workspace', suspend: true } });

function ending(): WorkspaceSnapshot {
  const world = running();
  const { metadata } = podOf(world);
  return { ...world, pod: { ...podOf(world), metadata: { ...metadata, deletionTimestamp: '2026-03-01T10:00:05Z' } } };
}

function larger(changes: Partial<WorkspaceSnapshot> = {}): WorkspaceSnapshot {
  const { spec } = templated();
  return running(
    {},
    { workspace: workspace('researcher', { spec: { ...spec, storage: { size: '2Gi' } } }), ...changes },
  );
}

/** Every state that a living Workspace can be in: phase when it is new, phase when it was up before, what kstatus says. */
const STATES: readonly (readonly [string, WorkspaceSnapshot, string, string, string])[] = [
  ['ready', running(), 'Online', 'Online', 'Current'],
  ['starting', notReady({ agent: up }), 'Provisioning', 'Offline', 'InProgress'],
  ['being replaced', { ...running(), workspace: workspace('researcher') }, 'Provisioning', 'Offline', 'InProgress'],
  ['ending to be made anew', ending(), 'Provisioning', 'Offline', 'InProgress'],
  ['resting after an end', notReady({ phase: 'Failed', ranMs: 0 }), 'Provisioning', 'Offline', 'InProgress'],
  [
    'refused by a quota',
    snapshot({ lastFailure: { message: 'exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1' } }),
    'Failed',
    'Offline',
    'InProgress',
  ],
  [
    'without an image that can be pulled',
    notReady({ agent: { state: 'waiting', reason: 'ErrImagePull', restarts: 0 } }),
    'Failed',
    'Offline',
    'InProgress',
  ],
  [
    'in a crash loop',
    notReady({ materialize: { state: 'waiting', heldBack: true, lastExitCode: 75, restarts: 3 } }),
    'Failed',
    'Offline',
    'InProgress',
  ],
  ['on a node that is gone', running({ nodeName: 'n1' }), 'Failed', 'Offline', 'InProgress'],
  [
    'on a volume that is lost',
    { ...running(), volume: volumeOf(undefined, { phase: 'Lost' }) },
    'Degraded',
    'Degraded',
    'InProgress',
  ],
  ['on a volume that grows', larger(), 'Online', 'Online', 'InProgress'],
  [
    'on a volume that may not grow',
    larger({ lastFailure: { message: 'forbidden' } }),
    'Degraded',
    'Degraded',
    'InProgress',
  ],
  ['running without its Org', { ...running(), org: undefined }, 'Degraded', 'Degraded', 'InProgress'],
  ['without its Org', snapshot({ org: undefined }), 'Provisioning', 'Offline', 'InProgress'],
  ['without its template', snapshot({ template: undefined }), 'Provisioning', 'Offline', 'InProgress'],
  ['without an image', snapshot({ org: org({ spec: {} }) }), 'Failed', 'Failed', 'Failed'],
  ['in conflict about a name', snapshot({ volume: volumeOf(uidOf('stranger')) }), 'Failed', 'Failed', 'Failed'],
  ['suspended', snapshot({ workspace: suspended }), 'Paused', 'Paused', 'InProgress'],
  ['suspended while its Pod ends', { ...ending(), workspace: suspended }, 'Paused', 'Paused', 'InProgress'],
  ['hosted elsewhere', hosted('external'), 'AwaitingAgent', 'AwaitingAgent', 'Current'],
  ['answered for by the mock', hosted('mock'), 'Online', 'Online', 'Current'],
];

/** The object as it is after a pass, `before` having stood in its status. */
function statusAfter(world: WorkspaceSnapshot, before: Workspace['status'] = {}): Workspace {
  const subject = { ...world.workspace, metadata: { ...world.workspace.metadata, generation: 3 }, status: before };
  const status = statusOf(planWorkspace({ ...world, workspace: subject }, LATER)) as Workspace['status'];
  return { ...subject, status: { ...before, ...status } };
}

describe('the status of a Workspace that is', () => {
  it.each(STATES)(
    '%s breaks no rule of the field, and means to kstatus and kubectl wait the same',
    (_name, world, _new, _old, verdict) => {
      const object = statusAfter(world);
      expect(findConformanceFaults(object)).toEqual([]);
      expect(kstatus(object)).toBe(verdict);
      expect(isWaitSatisfied(object)).toBe(verdict === 'Current');
      expect(
        object.status?.conditions?.map(({ type }) => type).filter((type) => !['Reconciling', 'Stalled'].includes(type)),
      ).toEqual(['Ready', 'Placed', 'Runnable', 'TemplateReady', 'VolumeReady', 'Materialized', 'AgentReady']);
    },
  );

  it.each(STATES)('%s is written once', (_name, world) => {
    const object = statusAfter(world);
    expect(planWorkspace({ ...world, workspace: object }, new Date('2026-03-01T10:00:20Z')).status).toBeUndefined();
  });

  it.each(STATES)('%s has its word for people, whether it is new or was up before', (_name, world, whenNew, whenUp) => {
    expect([statusAfter(world).status?.phase, statusAfter(world, { phase: 'Online' }).status?.phase]).toEqual([
      whenNew,
      whenUp,
    ]);
  });
});

describe('what else stands in the status', () => {
  it('is where the agent answers, as long as it does', () => {
    expect(statusAfter(larger({ lastFailure: { message: 'forbidden' } })).status?.endpoint).toBe(
      'http://10.1.0.7:8000',
    );
    expect(statusAfter(notReady()).status?.endpoint).toBeUndefined();
  });

  it('is what the suspension and not what the volume waits for', () => {
    const world = snapshot({ workspace: suspended, volume: volumeOf(undefined, { phase: 'Pending' }) });
    expect(statusAfter(world).status?.conditions?.[0]).toMatchObject({ type: 'Ready', reason: 'Suspended' });
  });

  it('is quiet about what a Workspace waits for in the first moments after it was applied', () => {
    const young = { ...templated(), metadata: { ...templated().metadata, creationTimestamp: '2026-03-01T10:00:09Z' } };
    const plan = planWorkspace(snapshot({ workspace: young, template: undefined }), LATER);
    expect([plan.status, plan.events]).toEqual([undefined, undefined]);
    expect(plan.outcome).toEqual({ kind: 'waiting', recheckAfterMs: 1_000 });
  });

  it('is quiet about an agent that is ready again at once', () => {
    const plan = planWorkspace(notReady({ notReadySince: '2026-03-01T10:00:09Z' }), LATER);
    expect(plan.status).toBeUndefined();
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs: 1_000 });
  });

  it('follows the reports of the agent as fast as they are shown', () => {
    const report = { outcome: 'unchanged', files: 0, changes: [], changesTotal: 0 } as const;
    const waiting = { podUID: uidOf('pod'), receivedAt: LATER, report, moreInMs: 4_000 };
    expect(planWorkspace({ ...running(), report: waiting }, LATER).outcome).toEqual({
      kind: 'settled',
      resyncAfterMs: 4_000,
    });
  });
});
