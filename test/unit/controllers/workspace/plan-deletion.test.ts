import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, APPROVAL_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import { Executor } from '../../../../src/runtime/executor.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
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

describe('planWorkspace() of a deleted Workspace', () => {
  const deleted = () => ({
    ...templated(),
    metadata: { ...templated().metadata, deletionTimestamp: '2026-03-01T10:00:00Z' },
  });

  it('records its intent, ends the Pod and keeps the finalizer until that is gone', () => {
    const plan = planWorkspace({ ...running(), workspace: deleted() }, LATER);
    expect(plan.intents).toMatchObject([{ action: 'delete_workspace', subjectUID: uidOf('researcher') }]);
    expect(plan.deletes).toHaveLength(1);
    expect(plan.removeFinalizer).toBeUndefined();
    expect(statusOf(plan)?.phase).toBe('Terminating');
  });

  it('lets go once the Pod is gone, and says that the volume stays', () => {
    const plan = planWorkspace(snapshot({ workspace: deleted(), volume: volumeOf() }), LATER);
    expect(plan.events).toMatchObject([
      {
        reason: 'VolumeRetained',
        note: `Workspace "researcher" is gone; its volume "${CHILD}" stays in the namespace`,
      },
    ]);
    expect(plan.outcomes).toMatchObject([{ subjectUID: uidOf('researcher'), result: { volumeRetained: CHILD } }]);
    expect(plan.removeFinalizer).toMatchObject({ finalizer: APPROVAL_FINALIZER });
    expect(plan.deletes).toBeUndefined();
  });

  it('says what it waits for when the ledger does not answer, also without a Pod', () => {
    const plan = planWorkspace(
      snapshot({ workspace: deleted(), lastFailure: { message: 'The ledger does not answer' } }),
      LATER,
    );
    expect(condition(plan, 'AgentReady')).toMatchObject({
      reason: 'Terminating',
      message: 'The ledger does not answer',
    });
  });

  it('has a reason of its own while the ledger does not answer', () => {
    const lastFailure = { reason: 'LedgerUnavailable', message: 'The ledger does not answer' } as const;
    const plan = planWorkspace(snapshot({ workspace: deleted(), lastFailure }), LATER);
    expect(condition(plan, 'AgentReady')).toMatchObject(lastFailure);
  });

  it('says that the volume stays once that is true, and not before, while the ledger is down', async () => {
    const emitted: string[] = [];
    let failure: Error | undefined = new Error('ECONNREFUSED');
    const answer = async (): Promise<void> => {
      if (failure !== undefined) throw failure;
    };
    const executor = new Executor({
      client: new FakeClient(),
      intents: { record: answer, conclude: answer },
      events: { emit: ({ reason }) => void emitted.push(reason) },
    });
    const pass = async (workspace: Workspace, message?: string): Promise<Plan> => {
      const lastFailure = message === undefined ? {} : { lastFailure: { message } };
      const plan = planWorkspace(snapshot({ workspace, volume: volumeOf(), ...lastFailure }), LATER);
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

  it("leaves a stranger's Pod of the same name alone", () => {
    const base = running();
    const annotations = { [ANNOTATIONS.incarnation]: '99999999-9999-4999-8999-999999999999' };
    const pod = podOf(base, { metadata: { ...podOf(base).metadata, annotations, labels: {} } });
    const plan = planWorkspace({ ...base, pod, workspace: deleted() }, LATER);
    expect(plan.deletes).toBeUndefined();
    expect(plan.removeFinalizer).toBeDefined();
  });

  it('tolerates that nothing was ever made', () => {
    const plan = planWorkspace(snapshot({ workspace: deleted(), org: undefined }), LATER);
    expect(plan.events).toBeUndefined();
    expect(plan.removeFinalizer).toBeDefined();
  });
});
