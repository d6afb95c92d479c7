import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { findConformanceFaults } from '../../../../src/conditions/conformance.ts';
import type { Leave } from '../../../../src/controllers/leave.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { uidOf } from '../../../builders/objects.ts';
import { condition, LATER, podOf, running, statusOf, templated } from './fixture.ts';

const held = (reason: Extract<Leave, { kind: 'held' }>['reason'], message = 'Because'): Leave => ({
  kind: 'held',
  reason,
  message,
});
const deletedAt = (deletionTimestamp: string, status?: Workspace['status']): Workspace => ({
  ...templated(),
  metadata: { ...templated().metadata, deletionTimestamp },
  ...(status === undefined ? {} : { status }),
});
const waiting = (changes: Partial<WorkspaceSnapshot> = {}, podChanges: Parameters<typeof running>[0] = {}) => ({
  ...running(podChanges),
  workspace: deletedAt('2026-03-01T10:00:00Z'),
  leave: held('AwaitingApproval', 'The deletion waits for a human'),
  ...changes,
});
const past = (plan: ReturnType<typeof planWorkspace>) => plan.status?.patch as NonNullable<Workspace['status']>;

describe('planWorkspace() of a deletion that is held', () => {
  it('is ready as ever, and says whom it waits for; for people it is going', () => {
    const plan = planWorkspace(waiting(), LATER);
    expect(condition(plan, 'Ready')?.status).toBe('True');
    expect(condition(plan, 'ApprovalPending')).toMatchObject({
      status: 'True',
      reason: 'AwaitingApproval',
      message: 'The deletion waits for a human',
    });
    expect(statusOf(plan)?.phase).toBe('Terminating');
    expect(findConformanceFaults(deletedAt('2026-03-01T10:00:00Z', past(plan)))).toEqual([]);
  });

  it('destroys nothing, asks the ledger nothing and keeps the finalizer', () => {
    const plan = planWorkspace(waiting(), LATER);
    expect([plan.deletes, plan.approvals, plan.intents, plan.outcomes, plan.removeFinalizer]).toEqual(
      Array(5).fill(undefined),
    );
    expect(plan.writes).toEqual([]);
  });

  it('writes nothing once that is said', () => {
    const said = past(planWorkspace(waiting(), LATER));
    const plan = planWorkspace(waiting({ workspace: deletedAt('2026-03-01T10:00:00Z', said) }), LATER);
    expect([plan.status, plan.writes]).toEqual([undefined, []]);
  });

  it('makes a lost Pod anew, with its volume', () => {
    const plan = planWorkspace(waiting({ pod: undefined }), LATER);
    expect(plan.writes).toMatchObject([{ kind: 'create', resource: { kind: 'Pod' } }]);
    const both = planWorkspace(waiting({ pod: undefined, volume: undefined }), LATER);
    expect(both.writes).toMatchObject([{ resource: { kind: 'PersistentVolumeClaim' } }, { resource: { kind: 'Pod' } }]);
  });

  it('puts right on the Pod what somebody changed', () => {
    const pod = podOf(running(), { metadata: { ...podOf(running()).metadata, labels: {} } });
    expect(planWorkspace(waiting({ pod }), LATER).writes).toMatchObject([{ kind: 'patch', uid: uidOf('pod') }]);
  });

  it.each([
    ['not while the request is still being opened', '2026-03-01T10:00:09Z', 'RequestingApproval', false],
    ['when opening it takes longer', '2026-03-01T10:00:00Z', 'RequestingApproval', true],
    ['at once when a human has to decide', '2026-03-01T10:00:09Z', 'AwaitingApproval', true],
    ['at once when nothing may be destroyed', '2026-03-01T10:00:09Z', 'LedgerUnavailable', true],
  ] as const)('tells of the deletion %s', (_sentence, time, reason, isTold) => {
    const plan = planWorkspace(waiting({ workspace: deletedAt(time), leave: held(reason) }), LATER);
    expect(condition(plan, 'ApprovalPending') !== undefined).toBe(isTold);
    if (!isTold) expect(plan.outcome).toEqual({ kind: 'settled', resyncAfterMs: 9_000 });
  });

  it.each([
    ['CheckingApproval', undefined],
    ['GuardUnknown', undefined],
    ['GuardOpen', 'GuardOpen'],
    ['LedgerUnavailable', 'LedgerUnavailable'],
    ['CannotRestore', 'CannotRestore'],
  ] as const)('says of what passes by itself nothing new: %s', (reason, told) => {
    const said = past(planWorkspace(waiting(), LATER));
    const workspace = deletedAt('2026-03-01T10:00:00Z', said);
    const plan = planWorkspace(waiting({ workspace, leave: held(reason) }), LATER);
    expect(condition(plan, 'ApprovalPending')?.reason).toBe(told);
  });

  it('is left alone when the finalizer of ours is off', () => {
    const workspace = deletedAt('2026-03-01T10:00:00Z');
    const { finalizers: _finalizers, ...metadata } = workspace.metadata;
    expect(planWorkspace(waiting({ workspace: { ...workspace, metadata } }), LATER)).toEqual({
      outcome: { kind: 'settled' },
    });
  });
});

describe('status.deletionGrant', () => {
  const grant = { request: 'apr-1', hash: 'ab'.repeat(32) };

  it('stands in status while it is given, and goes with it', () => {
    const given = planWorkspace({ ...running(), deletionGrant: grant }, LATER);
    expect(statusOf(given)?.deletionGrant).toEqual(grant);
    const workspace = { ...templated(), status: past(given) };
    expect(planWorkspace({ ...running(), workspace }, LATER).status?.patch).toEqual({ deletionGrant: null });
  });
});
