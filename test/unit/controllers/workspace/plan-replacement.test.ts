import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { MaterializeReport } from '../../../../src/assets/report.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { DIGEST, storedTemplate, templateAsset, uidOf, workspace } from '../../../builders/objects.ts';
import { condition, LATER, podOf, running, snapshot, statusOf, templated } from './fixture.ts';

const NEWER = `sha256:${'cd'.repeat(32)}`;

function template(rollout: 'NextRestart' | 'Immediate', digest: string) {
  const { spec, status } = storedTemplate('claude');
  const artifact = { revision: 'f'.repeat(40), sizeBytes: 1, files: 1, ...status?.artifact, digest };
  return templateAsset('claude', { spec: { ...spec, rollout }, status: { artifact } });
}

/** What a run of materialize in the running Pod told. */
function delivered(digest: string): WorkspaceSnapshot['report'] {
  const report: MaterializeReport = {
    outcome: 'unchanged',
    wantedDigest: digest,
    files: 1,
    changes: [],
    changesTotal: 0,
  };
  return { podUID: uidOf('pod'), receivedAt: LATER, report };
}

describe('a new revision', () => {
  it('restarts the agent at once when its template says so, and tells why', () => {
    const plan = planWorkspace({ ...running(), template: template('Immediate', NEWER) }, LATER);
    expect([plan.deletes?.length, plan.writes]).toEqual([1, undefined]);
    expect(condition(plan, 'Ready')).toMatchObject({ status: 'False', reason: 'RollingOut' });
    expect(plan.events).toMatchObject([{ type: 'Normal', reason: 'RollingOut' }]);
  });

  it('is in the Pod that follows', () => {
    const plan = planWorkspace(snapshot({ template: template('Immediate', NEWER) }), LATER);
    expect(plan.writes?.at(-1)).toMatchObject({
      object: { metadata: { annotations: { [ANNOTATIONS.assetsDigest]: NEWER } } },
    });
  });

  it('waits for the next restart otherwise', () => {
    const plan = planWorkspace({ ...running(), template: template('NextRestart', NEWER) }, LATER);
    expect([plan.deletes, plan.writes?.length]).toEqual([undefined, 1]);
    expect(condition(plan, 'Ready')?.status).toBe('True');
  });

  it('that waits for the next restart waits no longer once the template says at once', () => {
    const announced = running({}, { template: template('NextRestart', NEWER), report: delivered(DIGEST) });
    expect(planWorkspace(announced, LATER).deletes).toBeUndefined();
    const plan = planWorkspace({ ...announced, template: template('Immediate', NEWER) }, LATER);
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'RollingOut' });
    expect(plan.deletes).toHaveLength(1);
  });

  it('restarts nobody twice: who was started on it stays', () => {
    const world = running({}, { template: template('Immediate', NEWER), report: delivered(NEWER) });
    expect(planWorkspace(world, LATER).deletes).toBeUndefined();
    expect(planWorkspace({ ...world, report: undefined }, LATER).deletes).toBeUndefined();
  });

  it('restarts nobody for an edited annotation: that is put right', () => {
    const world = running({}, { template: template('Immediate', NEWER), report: delivered(NEWER) });
    const pod = { ...podOf(world), metadata: { ...podOf(world).metadata } };
    const annotations = { ...pod.metadata.annotations, [ANNOTATIONS.assetsDigest]: DIGEST };
    const plan = planWorkspace({ ...world, pod: { ...pod, metadata: { ...pod.metadata, annotations } } }, LATER);
    expect([plan.deletes, plan.writes?.length]).toEqual([undefined, 1]);
  });
});

describe('a Pod that is replaced', () => {
  const changed = workspace('researcher', {
    spec: { kind: 'workspace', image: 'example/agent:2', templateRef: { name: 'claude' } },
  });

  it('says why in an Event', () => {
    const plan = planWorkspace({ ...running(), workspace: changed }, LATER);
    expect(plan.events).toMatchObject([
      {
        type: 'Normal',
        reason: 'Replacing',
        action: 'ReplacePod',
        regarding: { kind: 'Workspace', name: 'researcher' },
      },
    ]);
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'Replacing' });
  });

  it('and cannot be deleted says that', () => {
    const plan = planWorkspace(
      { ...running(), workspace: changed, lastFailure: { message: 'denied by a webhook' } },
      LATER,
    );
    expect(condition(plan, 'Ready')?.message).toMatch(/it cannot be deleted: denied by a webhook$/);
    expect(plan.events?.map(({ type }) => type)).toEqual(['Warning']);
  });

  it('that rests after it ended does not rest when another spec is wanted', () => {
    const world = { ...running({ phase: 'Failed', isReady: false, ranMs: 0 }), workspace: changed };
    expect(planWorkspace(world, new Date('2026-03-01T10:00:00Z')).deletes).toHaveLength(1);
  });

  it('because its node ended it says so', () => {
    const world = running({ phase: 'Failed', isReady: false, ranMs: 900_000, endReason: 'Evicted' });
    const plan = planWorkspace(world, LATER);
    expect(condition(plan, 'Ready')).toMatchObject({
      reason: 'PodEvicted',
      message: 'The node ended the Pod (Evicted); it is made anew',
    });
    expect(plan.events).toMatchObject([{ type: 'Normal', reason: 'PodEvicted' }]);
    expect(plan.deletes).toHaveLength(1);
  });

  it('rests longer with each time that it ends soon, and is called a crash loop', () => {
    const base = running({ phase: 'Failed', isReady: false, ranMs: 100 });
    const pod = { ...base.pod, metadata: { ...podOf(base).metadata } };
    const annotations = { ...pod.metadata.annotations, [ANNOTATIONS.quickEnds]: '2' };
    const world = { ...base, pod: { ...podOf(base), ...pod, metadata: { ...pod.metadata, annotations } } };
    const plan = planWorkspace(world as WorkspaceSnapshot, LATER);
    expect(plan.deletes).toBeUndefined();
    expect(plan.outcome).toEqual({ kind: 'waiting', recheckAfterMs: 30_000 });
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'AgentCrashLooping' });
  });

  it.each([0, 1, 3, 137, 255])('ended with exit code %i like with any other', (exitCode) => {
    const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
    const agent = { state: 'terminated', exitCode, restarts: 0 } as const;
    expect(planWorkspace(running({ phase, agent, isReady: false, ranMs: 0 }), LATER).deletes).toHaveLength(1);
  });
});

describe('a Pod that is ending', () => {
  const ending = (changes: Parameters<typeof running>[0] = {}, finalizers: readonly string[] = []) => {
    const world = running(changes);
    const pod = podOf(world, changes);
    const metadata = { ...pod.metadata, deletionTimestamp: '2026-03-01T10:00:30Z', finalizers };
    return { ...world, pod: { ...pod, metadata } };
  };
  const at = (time: string) => new Date(`2026-03-01T10:0${time}Z`);

  it('is waited for', () => {
    const plan = planWorkspace(ending(), LATER);
    expect([plan.writes, plan.deletes]).toEqual([undefined, undefined]);
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'Replacing' });
    // Until a minute after its time.
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs: 80_000 });
  });

  it.each([
    ['its node may be down', [], 'kubectl delete pod'],
    ['somebody holds it', ['example.com/backup'], 'held by example.com/backup'],
  ])('is told when it does not end: %s', (_name, finalizers, words) => {
    expect(condition(planWorkspace(ending({}, finalizers), at('1:29')), 'Ready')?.reason).toBe('Replacing');
    const plan = planWorkspace(ending({}, finalizers), at('1:30'));
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'PodNotEnding', message: expect.stringContaining(words) });
    expect([plan.writes, plan.deletes]).toEqual([undefined, undefined]);
  });

  it('on a node that is lost says that, because nothing else will end it', () => {
    const plan = planWorkspace(ending({ nodeName: 'n1', isReady: false }), at('9:00'));
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'NodeLost' });
  });

  it('because it was preempted says so', () => {
    const plan = planWorkspace(ending({ disruption: 'PreemptionByScheduler' }), LATER);
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'PodEvicted' });
  });
});

describe('an agent that is hosted elsewhere', () => {
  const hosted = (runtime: string): Workspace => workspace('researcher', { spec: { kind: 'workspace', runtime } });

  it.each([
    ['external', 'ExternalAgent', 'AwaitingAgent'],
    ['mock', 'MockAgent', 'Online'],
  ])('needs no Pod and no volume: %s', (runtime, reason, phase) => {
    const plan = planWorkspace(snapshot({ workspace: hosted(runtime), template: undefined }), LATER);
    expect([plan.writes, plan.deletes]).toEqual([undefined, undefined]);
    expect(condition(plan, 'Ready')).toMatchObject({ status: 'True', reason });
    expect(statusOf(plan)).toMatchObject({ phase });
    expect(Object.keys(statusOf(plan) ?? {})).not.toContain('podName');
    expect(plan.outcome.kind).toBe('settled');
  });

  it('lets the Pod of before end, and keeps its volume', () => {
    const world = { ...running(), workspace: hosted('external'), template: undefined };
    const plan = planWorkspace(world, LATER);
    expect(plan.deletes).toHaveLength(1);
    expect(plan.writes).toBeUndefined();
    expect(condition(plan, 'Ready')).toMatchObject({ status: 'False', reason: 'Stopping' });
    expect(plan.events).toMatchObject([{ type: 'Normal', reason: 'Stopping' }]);
    const ended = planWorkspace({ ...world, pod: undefined }, LATER);
    expect(statusOf(ended)).toMatchObject({ phase: 'AwaitingAgent' });
    expect(Object.keys(statusOf(ended) ?? {})).toContain('volumeName');
  });

  it('has its Pod again when it comes back', () => {
    const world = { ...running(), workspace: templated(), pod: undefined };
    expect(planWorkspace(world, LATER).writes?.map(({ kind }) => kind)).toEqual(['create']);
  });
});
