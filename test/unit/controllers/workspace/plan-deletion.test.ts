import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, APPROVAL_FINALIZER, LABELS } from '../../../../src/apis/v1alpha1/names.ts';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { Executor } from '../../../../src/runtime/executor.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
import { granted, OPERATION } from '../../../builders/approval-request.ts';
import { uidOf } from '../../../builders/objects.ts';
import { FakeClient } from '../../runtime/fake-client.ts';
import { CHILD, condition, LATER, podOf, running, snapshot, statusOf, templated, volumeOf } from './fixture.ts';

describe('planWorkspace() of a Pod that cannot start', () => {
  const waitingFor = (reason: string, message = '') => ({ state: 'waiting', reason, message, restarts: 0 }) as const;

  it.each([
    [
      'the scheduler finds no node',
      { unschedulable: '0/1 nodes are available' },
      'Unschedulable',
      '0/1 nodes are available',
    ],
    [
      'an image is not there',
      { agent: waitingFor('ErrImagePull', 'not found') },
      'ImageNotPulled',
      'The image cannot be pulled',
    ],
    [
      'the kubelet waits before it pulls again',
      { agent: waitingFor('ImagePullBackOff') },
      'ImageNotPulled',
      'The image cannot be pulled',
    ],
    [
      'a Secret of env is missing',
      { agent: waitingFor('CreateContainerConfigError', 'secret "key" not found') },
      'ContainerNotStarted',
      'secret "key" not found',
    ],
    [
      'its card is not served yet',
      {
        agent: { state: 'running', restarts: 0, lastExitCode: 1 },
        materialize: { state: 'terminated', exitCode: 0, restarts: 0 },
      },
      'AgentStarting',
      'does not serve its card yet',
    ],
  ] as const)('says so when %s', (_name, pod, reason, message) => {
    const verdict = condition(planWorkspace(running({ isReady: false, ...pod }), LATER), 'AgentReady');
    expect(verdict).toMatchObject({ status: 'False', reason, message: expect.stringContaining(message) });
  });
});

describe('planWorkspace() of a Workspace whose deletion was approved', () => {
  const deleted = () => ({
    ...templated(),
    metadata: { ...templated().metadata, deletionTimestamp: '2026-03-01T10:00:00Z' },
  });
  const leaving = (changes: Partial<WorkspaceSnapshot> = {}): WorkspaceSnapshot =>
    snapshot({ workspace: deleted(), leave: granted(), ...changes });
  const ending = (base: WorkspaceSnapshot, deletionTimestamp: string, deletionGracePeriodSeconds: number) =>
    podOf(base, { metadata: { ...podOf(base).metadata, deletionTimestamp, deletionGracePeriodSeconds } });

  it('keeps the object and its intent under that operation in the ledger, then ends the Pod, and writes nothing else', () => {
    const plan = planWorkspace({ ...running(), workspace: deleted(), leave: granted() }, LATER);
    expect(plan.approvals).toMatchObject([
      { kind: 'snapshot', subjectUID: uidOf('researcher'), object: { kind: 'Workspace', spec: templated().spec } },
    ]);
    expect(plan.intents).toMatchObject([
      { action: 'delete_workspace', subjectUID: uidOf('researcher'), operationID: OPERATION },
    ]);
    expect(plan.deletes).toMatchObject([{ resource: { kind: 'Pod' }, uid: uidOf('pod') }]);
    expect([plan.writes, plan.status, plan.outcomes, plan.removeFinalizer]).toEqual(Array(4).fill(undefined));
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs: 2_000 });
  });

  it.each([
    ['not while most end: within two seconds', '2026-03-01T10:00:39Z', 30, undefined, 1_000],
    ['not while most of those end that no node runs', '2026-03-01T10:00:09Z', 0, undefined, 1_000],
    ['once it takes longer', '2026-03-01T10:00:38Z', 30, 'Terminating', 5_000],
  ])('says that the Pod is ending %s, and asks for nothing twice', (_sentence, end, grace, phase, recheckAfterMs) => {
    const plan = planWorkspace(leaving({ pod: ending(running(), end, grace), volume: volumeOf() }), LATER);
    expect(statusOf(plan)?.phase).toBe(phase);
    expect([plan.approvals, plan.intents, plan.deletes, plan.removeFinalizer]).toEqual(Array(4).fill(undefined));
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs });
  });

  it('lets go once the Pod is gone, and keeps the volume for its time, which the Event leaves to the label', () => {
    const plan = planWorkspace(leaving({ volume: volumeOf() }), LATER);
    expect(plan.writes).toEqual([
      expect.objectContaining({
        kind: 'patch',
        uid: uidOf('volume'),
        patch: {
          metadata: {
            labels: { [LABELS.expires]: '20260308T100010Z' },
            annotations: { [ANNOTATIONS.operation]: OPERATION },
          },
        },
      }),
    ]);
    expect(plan.events).toMatchObject([
      {
        reason: 'VolumeRetained',
        note: `Workspace "researcher" is gone; its volume "${CHILD}" is kept for now; to have both back: kubectl molecule restore ws/researcher -n acme`,
      },
    ]);
    expect(plan.outcomes).toMatchObject([{ subjectUID: uidOf('researcher'), result: { volumeRetained: CHILD } }]);
    expect(plan.removeFinalizer).toMatchObject({ finalizer: APPROVAL_FINALIZER });
    expect([plan.deletes, plan.status]).toEqual([undefined, undefined]);
  });

  it('prolongs nothing when it died after the label', () => {
    const marked = volumeOf();
    const labels = { ...marked.metadata.labels, [LABELS.expires]: '20260302T000000Z' };
    const keptFor = (operation: string) => ({
      ...marked,
      metadata: {
        ...marked.metadata,
        labels,
        annotations: { ...marked.metadata.annotations, [ANNOTATIONS.operation]: operation },
      },
    });
    expect(planWorkspace(leaving({ volume: keptFor(OPERATION) }), LATER).writes).toEqual([]);
    expect(planWorkspace(leaving({ volume: keptFor('of before') }), LATER).writes).toHaveLength(1);
  });

  it('gives a volume that is not to be kept no time at all, and does not say that it stays', () => {
    const plan = planWorkspace(leaving({ volume: volumeOf(), leave: granted({ retention: '0s' }) }), LATER);
    expect(plan.writes).toMatchObject([{ patch: { metadata: { labels: { [LABELS.expires]: '20260301T100010Z' } } } }]);
    expect(plan.events).toEqual([]);
  });

  it('tells no ledger when two people broke the glass for it', () => {
    const leave = granted({ operationID: 'break-glass' });
    for (const base of [running(), snapshot({ volume: volumeOf() })]) {
      const plan = planWorkspace({ ...base, workspace: deleted(), leave }, LATER);
      expect([plan.approvals, plan.intents, plan.outcomes]).toEqual(Array(3).fill(undefined));
    }
    expect(planWorkspace(leaving({ volume: volumeOf(), leave }), LATER).writes).toMatchObject([
      { patch: { metadata: { annotations: { [ANNOTATIONS.operation]: 'break-glass' } } } },
    ]);
  });

  it('says what it waits for when the ledger does not answer, also without a Pod', () => {
    const plan = planWorkspace(leaving({ lastFailure: { message: 'The ledger does not answer' } }), LATER);
    expect(condition(plan, 'AgentReady')).toMatchObject({
      reason: 'Terminating',
      message: 'The ledger does not answer',
    });
    expect(condition(plan, 'ApprovalPending')).toBeUndefined();
  });

  it.each(['LedgerUnavailable', 'ApprovalRefused'] as const)('has a reason of its own for %s', (reason) => {
    const lastFailure = { reason, message: 'The ledger says why' };
    expect(condition(planWorkspace(leaving({ lastFailure }), LATER), 'AgentReady')).toMatchObject(lastFailure);
  });

  it('says that the volume stays once that is true, and not before, while the ledger is down', async () => {
    const emitted: string[] = [];
    let failure: Error | undefined = new Error('ECONNREFUSED');
    const answer = async (): Promise<void> => {
      if (failure !== undefined) throw failure;
    };
    const executor = new Executor({
      client: new FakeClient(),
      intents: { approve: answer, record: answer, conclude: answer },
      events: { emit: ({ reason }) => void emitted.push(reason) },
    });
    const pass = async (workspace: Workspace, message?: string): Promise<Plan> => {
      const lastFailure = message === undefined ? {} : { lastFailure: { message } };
      const plan = planWorkspace(leaving({ workspace, volume: volumeOf(), ...lastFailure }), LATER);
      await executor.execute(plan, new AbortController().signal);
      return plan;
    };
    await pass(deleted());
    const telling = await pass(deleted(), 'down');
    const told = { ...deleted(), status: telling.status?.patch as NonNullable<Workspace['status']> };
    await pass(told, 'down');
    await pass(told);
    expect(emitted).not.toContain('VolumeRetained');
    failure = undefined;
    await pass(told, 'down');
    expect(emitted.filter((reason) => reason === 'VolumeRetained')).toHaveLength(1);
  });

  it("leaves a stranger's Pod and volume of the same name alone", () => {
    const base = running();
    const annotations = { [ANNOTATIONS.incarnation]: '99999999-9999-4999-8999-999999999999' };
    const pod = podOf(base, { metadata: { ...podOf(base).metadata, annotations, labels: {} } });
    const volume = volumeOf('99999999-9999-4999-8999-999999999999');
    const plan = planWorkspace(leaving({ pod, volume }), LATER);
    expect([plan.deletes, plan.writes]).toEqual([undefined, undefined]);
    expect(plan.removeFinalizer).toBeDefined();
  });

  it('tolerates that nothing was ever made', () => {
    const plan = planWorkspace(leaving({ org: undefined }), LATER);
    expect(plan.events).toEqual([]);
    expect(plan.removeFinalizer).toBeDefined();
  });

  it('has nothing more to do once its finalizer is off', () => {
    const { finalizers: _finalizers, ...metadata } = deleted().metadata;
    const workspace = { ...deleted(), metadata };
    expect(planWorkspace({ ...running(), workspace, leave: granted() }, LATER)).toEqual({
      outcome: { kind: 'settled' },
    });
  });
});
