import { describe, expect, it } from 'vitest';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { granted, OPERATION } from '../../../builders/approval-request.ts';
import { uidOf, workspace as workspaceOf } from '../../../builders/objects.ts';
import { condition, LATER, running, snapshot, statusOf, templated } from './fixture.ts';

const deletionTimestamp = '2026-03-01T10:00:00Z';
const deleted = { ...templated(), metadata: { ...templated().metadata, deletionTimestamp } };
const child = (name: string, isDeleting = false) => {
  const object = workspaceOf(name, { spec: { kind: 'workspace', parentRef: { name: 'researcher' } } });
  return isDeleting ? { ...object, metadata: { ...object.metadata, deletionTimestamp } } : object;
};
const leaving = { workspace: deleted, leave: granted() };
const plan = (changes: Partial<WorkspaceSnapshot>) => planWorkspace({ ...running(), ...leaving, ...changes }, LATER);
const listing = (...names: readonly string[]) => granted({ members: new Set(names.map(uidOf)) });

describe('planWorkspace() of an approved deletion with others below it', () => {
  it('deletes those that the approval lists, once the ledger has it, and its own agent only after them', () => {
    const waiting = plan({ children: [child('a'), child('b', true)], leave: listing('a', 'b') });
    expect(waiting.intents).toMatchObject([{ subjectUID: uidOf('researcher'), operationID: OPERATION }]);
    expect(waiting.approvals).toHaveLength(1);
    expect(waiting.deletes).toMatchObject([
      { resource: { kind: 'Workspace' }, key: { name: 'a' }, uid: uidOf('a'), resourceVersion: '100' },
    ]);
    expect(waiting.removeFinalizer).toBeUndefined();
    expect(condition(waiting, 'Ready')?.message).toBe('Waits for 2 below it to go: a, b');
    expect(condition(waiting, 'Reconciling')).toBeDefined();
  });

  it('says what the ledger refuses them for', () => {
    const lastFailure = { reason: 'ApprovalRefused', message: 'The operation does not cover it' } as const;
    expect(condition(plan({ children: [child('a')], leave: listing('a'), lastFailure }), 'Ready')).toMatchObject(
      lastFailure,
    );
  });

  it('destroys nothing for those that came later, and says whom it waits for and what to do', () => {
    const waiting = plan({ children: [child('b'), child('a')] });
    expect([waiting.intents, waiting.deletes, waiting.removeFinalizer, waiting.claims]).toEqual(
      Array(4).fill(undefined),
    );
    expect(condition(waiting, 'Ready')).toMatchObject({
      reason: 'DeletingChildren',
      message: 'Waits for 2 below it to go: a, b; delete them too, or give them another spec.parentRef',
    });
    expect(statusOf(waiting)?.phase).toBe('Terminating');
    expect(waiting.outcome.kind).toBe('waiting');
    expect(waiting.events).toMatchObject([{ type: 'Warning', reason: 'DeletingChildren' }]);
  });

  it('asks nothing of anybody, and warns nobody, while all of them are going', () => {
    const waiting = plan({ children: [child('a', true)] });
    expect(condition(waiting, 'Ready')?.message).toBe('Waits for 1 below it to go: a');
    expect(condition(waiting, 'Reconciling')).toBeDefined();
    expect(waiting.events).toBeUndefined();
  });

  it('does not wait for those that are above it as well: in a circle nobody would ever go', () => {
    const above = { name: 'a', isPlatform: false, isSuspended: false, isGoing: true };
    expect(plan({ children: [child('a')], ancestors: new Map([['a', above]]) }).deletes).toMatchObject([
      { resource: { kind: 'Pod' } },
    ]);
  });

  it('waits for nobody as the platform agent, which is made anew', () => {
    const workspace = { ...deleted, spec: { kind: 'platform' } } as const;
    expect(plan({ workspace, children: [child('a')] }).deletes).toMatchObject([{ resource: { kind: 'Pod' } }]);
  });

  it('gives its id back in the end', () => {
    const end = planWorkspace(snapshot(leaving), LATER);
    expect(end.claims).toEqual([{ kind: 'release', id: uidOf('researcher'), holderUID: uidOf('researcher') }]);
  });

  it('leaves the id of a platform agent to its Org', () => {
    const workspace = { ...deleted, spec: { kind: 'platform' } } as const;
    expect(planWorkspace(snapshot({ ...leaving, workspace }), LATER).claims).toEqual([]);
  });
});
