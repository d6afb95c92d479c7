import { describe, expect, it } from 'vitest';
import type { WorkspaceNode } from '../../../../src/controllers/hierarchy-node.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { uidOf } from '../../../builders/objects.ts';
import { condition, LATER, running, snapshot, statusOf, templated } from './fixture.ts';

const deleted = { ...templated(), metadata: { ...templated().metadata, deletionTimestamp: '2026-03-01T10:00:00Z' } };
const child = (name: string, isDeleting = false): WorkspaceNode => ({
  name,
  isPlatform: false,
  parentName: 'researcher',
  isSuspended: false,
  isDeleting,
});
const plan = (changes: Partial<WorkspaceSnapshot>) =>
  planWorkspace({ ...running(), workspace: deleted, ...changes }, LATER);

describe('planWorkspace() of a deleted Workspace with others below it', () => {
  it('destroys nothing and says whom it waits for and what to do', () => {
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
    expect(plan({ children: [child('a')], ancestors: new Map([['a', child('a')]]) }).deletes).toHaveLength(1);
  });

  it('waits for nobody as the platform agent, which is made anew', () => {
    const workspace = { ...deleted, spec: { kind: 'platform' } } as const;
    expect(plan({ workspace, children: [child('a')] }).deletes).toHaveLength(1);
  });

  it('gives its id back in the end', () => {
    const end = planWorkspace(snapshot({ workspace: deleted }), LATER);
    expect(end.claims).toEqual([{ kind: 'release', id: uidOf('researcher'), holderUID: uidOf('researcher') }]);
  });

  it('leaves the id of a platform agent to its Org', () => {
    const workspace = { ...deleted, spec: { kind: 'platform' } } as const;
    expect(planWorkspace(snapshot({ workspace }), LATER).claims).toEqual([]);
  });
});
