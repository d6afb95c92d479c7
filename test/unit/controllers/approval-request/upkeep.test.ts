import { describe, expect, it } from 'vitest';
import type { ApprovalRequest } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { findConformanceFaults } from '../../../../src/conditions/conformance.ts';
import { requestStatus } from '../../../../src/controllers/approval-request/status.ts';
import { withdrawn } from '../../../../src/controllers/approval-request/telling.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
import { CLEAR } from '../../../builders/approval-request.ts';
import { workspace } from '../../../builders/objects.ts';
import { fileOf, HELD, NOW, PENDING, pass, requestFor, STANDING, type World } from './fixture.ts';

const DAY_MS = 86_400_000;
const CONSUMED = { phase: 'Consumed', consumedAt: '2026-03-02T09:00:00Z' } as const;
const later = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);

async function finished(changes: Partial<NonNullable<ApprovalRequest['status']>> = {}): Promise<ApprovalRequest> {
  const request = await requestFor(STANDING, { status: PENDING });
  const status = requestStatus(withdrawn(request, 'Nothing is left to decide'), { sights: new Map(), now: NOW });
  return { ...request, status: { ...status, ...changes } };
}

async function planOf(world: World): Promise<Plan | undefined> {
  return (await pass(world))?.plan;
}

describe('a finished request', () => {
  it('stays for thirty days and is looked at again when they are over', async () => {
    const plan = await planOf({ ...STANDING, requests: [await finished()], now: later(29.5) });
    expect(plan).toEqual({ outcome: { kind: 'waiting', recheckAfterMs: DAY_MS / 2 } });
  });

  it('is deleted then, and no other', async () => {
    const [old, young] = [await finished(), await finished()];
    const conditions = old.status?.conditions?.map((each) => ({ ...each, lastTransitionTime: '2026-03-20T09:00:00Z' }));
    const other = {
      ...young,
      metadata: { ...young.metadata, name: 'apr-2' },
      status: { ...young.status, ...(conditions && { conditions }) },
    };
    const plan = await planOf({ ...STANDING, requests: [old, other], now: later(30) });
    expect(plan?.deletes).toMatchObject([{ key: { name: 'apr-1' }, uid: old.metadata.uid, resourceVersion: '100' }]);
  });

  it('stays as long as the object that it lets go is there', async () => {
    const consumed = await finished({ ...CONSUMED, operationID: 'operation-1' });
    expect((await planOf({ ...HELD, requests: [consumed], now: later(31) }))?.deletes).toBeUndefined();
    expect((await planOf({ ...HELD, workspaces: [], requests: [consumed], now: later(31) }))?.deletes).toHaveLength(1);
  });

  it('stays until the ledger has heard of what was done without it', async () => {
    const consumed = await finished({ ...CONSUMED, operationID: 'break-glass' });
    const clearance = { ...CLEAR, ledger: 'unavailable' } as const;
    const world = { ...HELD, workspaces: [], requests: [consumed], clearance, now: later(31) };
    expect((await planOf(world))?.deletes).toBeUndefined();
  });

  it('answers for an edit with the same words and the new generation, once', async () => {
    const request = await finished();
    const edited = { ...request, metadata: { ...request.metadata, generation: 2 } };
    const plan = await planOf({ ...STANDING, requests: [edited] });
    expect(plan?.status?.patch).toMatchObject({ observedGeneration: 2 });
    expect(plan?.events).toBeUndefined();
    const told = { ...edited, status: { ...edited.status, ...plan?.status?.patch } };
    expect(findConformanceFaults(told as never)).toEqual([]);
    expect((await planOf({ ...STANDING, requests: [told] }))?.status).toBeUndefined();
  });
});

describe('the status of a request', () => {
  it('echoes by whose word it was looked at', async () => {
    const request = await requestFor(HELD);
    const annotations = { 'reconcile.moleculesai.app/requestedAt': 'now' };
    const asked = { ...request, metadata: { ...request.metadata, annotations } };
    const plan = await planOf({ ...HELD, requests: [asked], file: fileOf(request) });
    expect(plan?.status?.patch.lastHandledReconcileAt).toBe('now');
  });

  it('holds as much of a long summary as it takes, says that it is cut, and lists a hundred Workspaces', async () => {
    const children = Array.from({ length: 300 }, (_each, index) =>
      workspace(`child-${index}`, { spec: { kind: 'workspace', parentRef: { name: 'writer' } } }),
    );
    const world = { ...HELD, workspaces: [...HELD.workspaces, ...children] };
    const request = await requestFor(world);
    const plan = await planOf({ ...world, requests: [request], file: fileOf(request) });
    const summary = plan?.status?.patch.summary;
    expect(summary).toHaveLength(32_768);
    expect(summary).toMatch(/all of it is in spec.record$/);
    const shown = plan?.status?.patch.plan as { totalWorkspaces: number; workspaces: readonly object[] };
    expect(shown.totalWorkspaces).toBe(301);
    expect(shown.workspaces).toHaveLength(100);
  });

  it('lists a contested id once, because it takes no second entry of it', async () => {
    const id = '99999999-9999-4999-8999-999999999999';
    const child = workspace('child', { spec: { kind: 'workspace', id, parentRef: { name: 'writer' } } });
    const twin = workspace('twin', { spec: { kind: 'workspace', id, parentRef: { name: 'writer' } } });
    const world = { ...HELD, workspaces: [...HELD.workspaces, child, twin] };
    const request = await requestFor(world);
    const plan = await planOf({ ...world, requests: [request], file: fileOf(request) });
    const shown = plan?.status?.patch.plan as { workspaces: readonly { readonly id: string }[] };
    expect(shown.workspaces.filter((each) => each.id === id)).toHaveLength(1);
  });
});
