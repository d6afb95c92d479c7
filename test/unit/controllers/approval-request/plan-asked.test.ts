import { describe, expect, it } from 'vitest';
import type { ApprovalRequest } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { breakGlassAttempt } from '../../../../src/controllers/approval-request/attempt.ts';
import type { Clearance } from '../../../../src/controllers/clearance.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
import { NAMESPACE, uidOf } from '../../../builders/objects.ts';
import {
  concluded,
  DEAD,
  DOWN,
  decided,
  decision,
  draft,
  fileOf,
  HELD,
  kinds,
  latest,
  NOW,
  PENDING,
  pass,
  phase,
  planOf,
  reasons,
  requestFor,
  STANDING,
  told,
  type World,
  writerUID,
} from './fixture.ts';

describe('a request that somebody makes by himself', () => {
  it('has its maker among those who asked before it is completed', async () => {
    const plan = await planOf({ ...STANDING, requests: [draft('ask-1')], file: { askers: [], latest: latest() } });
    expect(plan.approvals).toMatchObject([{ kind: 'open', asker: 'ann' }]);
  });

  it('is completed with the record, under its own name', async () => {
    const own = draft('ask-1');
    const plan = await planOf({ ...STANDING, requests: [own], file: { askers: ['ann'], latest: latest() } });
    expect(kinds(plan)).toEqual(['bind']);
    expect(plan.writes).toMatchObject([
      { kind: 'patch', key: { name: 'ask-1' }, uid: own.metadata.uid, patch: { metadata: { resourceVersion: '100' } } },
    ]);
  });

  it('is taken for a deletion that is held already and has no request yet', async () => {
    const plan = await planOf({ ...HELD, requests: [draft('ask-1')], file: { askers: ['ann'], latest: latest() } });
    expect(plan.writes).toMatchObject([{ kind: 'patch', key: { name: 'ask-1' } }]);
  });

  it('is withdrawn while another one is open, and the oldest one counts', async () => {
    const first = await requestFor(HELD, { status: PENDING });
    const world = { ...HELD, requests: [draft('ask-2', { requestedBy: 'eve' }), first] };
    expect((await planOf({ ...world, file: fileOf(first) })).approvals).toMatchObject([{ kind: 'open', asker: 'eve' }]);
    const file = { ...fileOf(first), askers: ['ann', 'eve'] };
    const plan = await planOf({ ...world, file });
    expect(plan.status?.key.name).toBe('ask-2');
    expect(concluded(plan)?.message).toContain('"apr-1"');
  });

  it.each([
    ['another action', { action: 'delete_org' as const }],
    ['another group', { target: { group: 'example.com', kind: 'Workspace', name: 'writer', uid: writerUID } }],
  ])('is withdrawn when it names %s, without asking the ledger', async (_what, spec) => {
    const result = await pass({ ...STANDING, requests: [draft('ask-1', spec)] });
    expect(phase(result?.plan as Plan)).toBe('Withdrawn');
    expect(result?.reads).toEqual([]);
  });

  it('is withdrawn when it names a kind that nobody gates', async () => {
    const subject = { kind: 'Secret', namespace: NAMESPACE, name: 'token' };
    const plan = await planOf({ ...STANDING, requests: [draft('ask-1', {}, subject)] }, subject);
    expect(phase(plan)).toBe('Withdrawn');
  });

  it('waits, once approved, for the DELETE, and costs nothing meanwhile', async () => {
    const request = decided(await requestFor(STANDING, { status: PENDING }));
    expect(kinds(await planOf({ ...STANDING, requests: [request], file: fileOf(request) }))).toEqual(['decide']);
    const plan = await planOf({ ...STANDING, requests: [request], file: fileOf(request, { state: 'Approved' }) });
    expect([phase(plan), ...reasons(plan)]).toEqual(['Approved', 'APPROVAL_APPROVED']);
    expect(concluded(plan)?.reason).toBe('AwaitingDeletion');
    const result = await pass({ ...STANDING, requests: [told(request, plan)] });
    expect(result?.reads).toEqual([]);
    expect(result?.plan.status).toBeUndefined();
  });

  it('is used up by the DELETE that comes then', async () => {
    const request = decided(await requestFor(STANDING, { status: { phase: 'Approved' } }));
    const plan = await planOf({ ...HELD, requests: [request], file: fileOf(request, { state: 'Approved' }) });
    expect(kinds(plan)).toEqual(['consume']);
  });
});

describe('a broken glass', () => {
  const glass = (spec: Partial<ApprovalRequest['spec']> = {}): ApprovalRequest => {
    const made = draft('ask-1', { breakGlass: true, ...spec });
    return { ...made, metadata: { ...made.metadata, creationTimestamp: '2026-03-02T08:50:00Z' } };
  };
  const complete = async (world: World): Promise<ApprovalRequest> => {
    const { spec } = await requestFor(world, { attempt: breakGlassAttempt(glass(), NOW) });
    return { ...glass(), spec: { ...spec, breakGlass: true }, status: PENDING };
  };

  it.each(['unavailable', 'frozen'] as const)('is completed without the ledger while that is %s', async (ledger) => {
    const result = await pass({ ...HELD, requests: [glass()], clearance: { ...DEAD, ledger } });
    expect(result?.plan.approvals).toBeUndefined();
    expect(result?.plan.writes).toMatchObject([
      { kind: 'patch', patch: { spec: { expiresAt: '2026-03-02T09:50:00Z' } } },
    ]);
    expect(result?.reads).not.toContainEqual(expect.stringMatching(/^case/));
  });

  it.each(['available', 'absent'] as const)('is withdrawn while the ledger is %s', async (ledger) => {
    const file = { askers: [] };
    const plan = await planOf({ ...HELD, requests: [glass()], clearance: { ledger, openRoutes: [] }, file });
    expect(phase(plan)).toBe('Withdrawn');
  });

  it('waits where the ledger is found dead by asking it', async () => {
    const plan = await planOf({ ...HELD, requests: [glass()], file: DOWN });
    expect(phase(plan)).not.toBe('Withdrawn');
    expect(concluded(plan)).toMatchObject({ status: 'False', reason: 'LedgerUnavailable' });
  });

  it('waits until it is known how the ledger is', async () => {
    const plan = await planOf({ ...HELD, requests: [glass()], clearance: { ledger: 'unknown', openRoutes: [] } });
    expect(plan).toEqual({ outcome: { kind: 'waiting', recheckAfterMs: 30_000 } });
  });

  it('is used up in one status, checked against what would be lost now', async () => {
    const request = decided(await complete(HELD));
    const plan = await planOf({ ...HELD, requests: [request], clearance: DEAD });
    expect(plan.status?.patch).toMatchObject({ phase: 'Consumed', operationID: 'break-glass' });
    const changed = await planOf({ ...HELD, live: { volumes: [] }, requests: [request], clearance: DEAD });
    expect(phase(changed)).toBe('Superseded');
  });

  it.each<[string, Partial<Clearance>]>([
    ['nobody knows since when', {}],
    ['the ledger was there a moment ago', { ledgerDeadSince: new Date('2026-03-02T08:55:01Z') }],
  ])('waits, completed or not, while %s', async (_title, changes) => {
    const clearance = { ledger: 'unavailable', openRoutes: [], ...changes } as const;
    for (const request of [glass(), decided(await complete(HELD))]) {
      const plan = await planOf({ ...HELD, requests: [request], clearance });
      expect(plan.writes).toBeUndefined();
      expect(phase(plan)).not.toBe('Consumed');
      expect(concluded(plan)).toMatchObject({ reason: 'LedgerUnavailable', message: expect.stringMatching(/minutes/) });
    }
  });

  it('is not used while the guard is open, without which one person could be two', async () => {
    const request = decided(await complete(HELD));
    const clearance = { ...DEAD, openRoutes: ['a policy is missing'] };
    const plan = await planOf({ ...HELD, requests: [request], clearance });
    expect(phase(plan)).toBe('Approved');
    expect(concluded(plan)).toMatchObject({ reason: 'GuardOpen' });
  });

  it('is not for one person alone', async () => {
    const request = await complete(HELD);
    const own = { ...request, spec: { ...request.spec, decision: decision(request.spec.hash, 'Approved', 'ann') } };
    expect(phase(await planOf({ ...HELD, requests: [own], clearance: DEAD }))).toBe('Withdrawn');
  });

  it('lasts an hour', async () => {
    const request = decided(await complete(HELD));
    const plan = await planOf({ ...HELD, requests: [request], clearance: DEAD, now: new Date('2026-03-02T09:50:00Z') });
    expect(phase(plan)).toBe('Expired');
  });

  it('is recorded step by step once the ledger answers, and then names its operation', async () => {
    const request = decided(await complete(HELD));
    const done = { ...request, status: { phase: 'Consumed', operationID: 'break-glass' } as const };
    const world = { ...HELD, workspaces: [], requests: [done] };
    expect(kinds(await planOf({ ...world, file: { askers: [] } }))).toEqual(['open']);
    const plan = await planOf({ ...world, file: { askers: [], latest: latest() } });
    expect(kinds(plan)).toEqual(['open', 'bind', 'decide', 'consume']);
    expect(plan.approvals?.at(-1)).toMatchObject({ detail: { breakGlass: true } });
    const file = { askers: [], latest: latest({ state: 'Consumed', operationID: 'operation-1' }) };
    const last = await planOf({ ...world, file });
    expect(last.status?.patch.operationID).toBe('operation-1');
    expect(last.outcomes).toEqual([{ action: 'delete_workspace', subjectUID: uidOf('writer'), result: {} }]);
    expect(reasons(last)).toEqual([]);
    expect(await planOf({ ...HELD, requests: [done], file })).not.toHaveProperty('outcomes');
    expect(await planOf({ ...world, file: { askers: [] }, clearance: DEAD })).toEqual({ outcome: { kind: 'settled' } });
  });
});
