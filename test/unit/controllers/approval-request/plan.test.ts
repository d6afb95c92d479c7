import { describe, expect, it } from 'vitest';
import type { ApprovalRequest } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { findConformanceFaults } from '../../../../src/conditions/conformance.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
import { CLEAR, consumedRequest } from '../../../builders/approval-request.ts';
import { NAMESPACE, storedTemplate, uidOf, workspace } from '../../../builders/objects.ts';
import {
  concluded,
  DOWN,
  decided,
  deleted,
  draft,
  fileOf,
  HELD,
  kinds,
  latest,
  PENDING,
  pass,
  phase,
  planOf,
  reasons,
  requestFor,
  STANDING,
  told,
  writer,
  writerUID,
} from './fixture.ts';

describe('a deletion that waits', () => {
  it('has an attempt opened in the ledger before anything is shown to anybody', async () => {
    const plan = await planOf({ ...HELD, file: { askers: [] } });
    expect(plan.approvals).toEqual([
      {
        kind: 'open',
        subjectUID: writerUID,
        action: 'delete_workspace',
        subject: 'Workspace acme/writer',
        ttlSeconds: 604_800,
      },
    ]);
    expect(plan.writes).toBeUndefined();
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs: 0 });
  });

  it('binds the hash in the ledger in the same pass that makes the request, and before it', async () => {
    const plan = await planOf({ ...HELD, file: { askers: ['ann'], latest: latest() } });
    expect(kinds(plan)).toEqual(['bind']);
    const [write] = plan.writes ?? [];
    if (write?.kind !== 'create') throw new Error('No request is made');
    const { spec } = write.object as ApprovalRequest;
    expect(plan.approvals?.[0]).toMatchObject({ hash: spec.hash });
    expect(write.adoptIf).toEqual({ 'moleculesai.app/record-hash': spec.hash });
    expect(spec).toMatchObject({ requestedBy: 'ann', expiresAt: '2026-03-09T09:00:00Z' });
    expect(spec.record?.losses).toMatchObject([{ name: 'writer', uid: writerUID, reclaimPolicy: 'Delete' }]);
  });

  it('makes the same request again after a crash between the two, without another bind', async () => {
    const request = await requestFor(HELD);
    const plan = await planOf({ ...HELD, file: fileOf(request) });
    expect(kinds(plan)).toEqual([]);
    expect(plan.writes).toHaveLength(1);
  });

  it('gives an attempt up whose bound record nobody has seen and which is no longer true', async () => {
    const plan = await planOf({ ...HELD, file: { askers: [], latest: latest({ hash: 'f'.repeat(64) }) } });
    expect(kinds(plan)).toEqual(['close Superseded']);
    expect(plan.writes).toBeUndefined();
  });

  describe('about more Workspaces than one request lists', () => {
    const crowd = Array.from({ length: 2_000 }, (_, index) =>
      workspace(`below-${index}`, { spec: { kind: 'workspace', parentRef: { name: 'writer' } } }),
    );
    const file = { askers: ['ann'], latest: latest() };

    it('is not made, is no cause to look at their volumes, and is looked at again later', async () => {
      const result = await pass({ ...HELD, workspaces: [...HELD.workspaces, ...crowd], file });
      expect(result?.plan).toEqual({ outcome: { kind: 'waiting', recheckAfterMs: 300_000 } });
      expect(result?.reads.filter((read) => read.startsWith('get PersistentVolume'))).toEqual([]);
      const fewer = await planOf({ ...HELD, workspaces: [...HELD.workspaces, ...crowd.slice(1)], file });
      expect(fewer.writes).toHaveLength(1);
    });

    it('is told to who asked first', async () => {
      const asked = draft('ask-1');
      const plan = await planOf({
        ...STANDING,
        workspaces: [...STANDING.workspaces, ...crowd],
        requests: [asked],
        file,
      });
      expect(phase(plan)).toBe('Withdrawn');
      expect(concluded(plan)?.message).toContain('more than 2000 Workspaces');
    });
  });

  it('says who asked as unattributed where nobody is known', async () => {
    const plan = await planOf({ ...HELD, file: { askers: [], latest: latest() } });
    expect(plan.writes?.[0]).toMatchObject({ object: { spec: { requestedBy: 'unattributed' } } });
  });

  it('is shown with one status and one Event', async () => {
    const request = await requestFor(HELD);
    const plan = await planOf({ ...HELD, requests: [request], file: fileOf(request) });
    expect(phase(plan)).toBe('Pending');
    expect(reasons(plan)).toEqual(['APPROVAL_REQUESTED']);
    expect(plan.status?.patch.summary).toContain('"writer"');
    expect(plan.status?.patch.plan).toMatchObject({
      totalWorkspaces: 1,
      totalVolumes: 1,
      workspaces: [{ name: 'writer', size: '10Gi', isRunning: false }],
    });
    expect(findConformanceFaults(told(request, plan) as never)).toEqual([]);
  });

  it('costs neither ledger nor apiserver while a human thinks, and writes nothing', async () => {
    const request = await requestFor(HELD);
    const shown = told(request, await planOf({ ...HELD, requests: [request], file: fileOf(request) }));
    const result = await pass({ ...HELD, requests: [shown] });
    expect(result?.reads).toEqual([]);
    expect(result?.plan).toEqual({ outcome: { kind: 'waiting', recheckAfterMs: 86_400_000 } });
  });

  it('is looked at again when it expires', async () => {
    const request = await requestFor(HELD);
    const shown = told(request, await planOf({ ...HELD, requests: [request], file: fileOf(request) }));
    const result = await pass({ ...HELD, requests: [shown], now: new Date('2026-03-09T08:59:00Z') });
    expect(result?.plan.outcome).toEqual({ kind: 'waiting', recheckAfterMs: 60_000 });
  });

  it('waits without a word where there is no request yet and the ledger is silent', async () => {
    const plan = await planOf({ ...HELD, file: DOWN });
    expect(plan).toEqual({ outcome: { kind: 'waiting', recheckAfterMs: 30_000 } });
  });
});

describe('an approval', () => {
  it('is used up when nothing has changed, with everything that goes listed', async () => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const plan = await planOf({ ...HELD, requests: [request], file: fileOf(request) });
    expect(kinds(plan)).toEqual(['decide', 'consume']);
    expect(plan.approvals?.[1]).toMatchObject({
      hash: request.spec.hash,
      members: [{ uid: writerUID, subject: 'Workspace acme/writer', retainSeconds: 604_800 }],
    });
    expect(plan.status).toBeUndefined();
  });

  it('is told to be consumed once the ledger says so, in one status, also after a crash in between', async () => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const file = fileOf(request, { state: 'Consumed', operationID: 'operation-1' });
    const plan = await planOf({ ...HELD, requests: [request], file });
    expect(plan.status?.patch).toMatchObject({
      phase: 'Consumed',
      operationID: 'operation-1',
      decidedAt: '2026-03-02T09:00:00Z',
      consumedAt: '2026-03-02T09:00:00Z',
      observedGeneration: 2,
    });
    expect(reasons(plan)).toEqual(['APPROVAL_APPROVED', 'APPROVAL_CONSUMED']);
    expect(plan.approvals).toBeUndefined();
    expect(findConformanceFaults(told(request, plan) as never)).toEqual([]);
  });

  const helper = workspace('helper', { spec: { kind: 'workspace', parentRef: { name: 'writer' } } });
  it.each([
    ['a Workspace came below it', { workspaces: [...HELD.workspaces, helper] }],
    ['its spec was edited', { workspaces: [deleted(writer({ spec: { kind: 'workspace', tier: 1 } }))] }],
    ['its volume is gone', { volumes: [] }],
  ])('is worth nothing when %s, and only the apiserver knows of that', async (_what, live) => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const plan = await planOf({ ...HELD, live, requests: [request], file: fileOf(request) });
    expect(kinds(plan)).toEqual(['decide', 'close Superseded']);
  });

  it('is worth nothing when the record was exchanged', async () => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const plan = await planOf({ ...HELD, requests: [request], file: fileOf(request, { hash: 'f'.repeat(64) }) });
    expect(kinds(plan)).toEqual(['close Superseded']);
  });

  it('is worth nothing when the record is not what the hash is over', async () => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const { record } = request.spec;
    if (record === undefined) throw new Error('The request has to be complete');
    const forged = { ...request, spec: { ...request.spec, record: { ...record, retention: '0s' } } };
    const plan = await planOf({ ...HELD, requests: [forged], file: fileOf(request) });
    expect(kinds(plan)).toEqual(['close Superseded']);
  });

  it('is worth nothing when it expired by the clock of the ledger', async () => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const plan = await planOf({ ...HELD, requests: [request], file: fileOf(request, { isExpired: true }) });
    expect(kinds(plan)).toEqual(['close Expired']);
  });

  it('is given up when the ledger refuses it, because who approved it has asked too', async () => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const lastFailure = { reason: 'ApprovalRefused', message: 'Whoever approved it has asked' } as const;
    const plan = await planOf({
      ...HELD,
      requests: [request],
      file: fileOf(request, { state: 'Approved' }),
      lastFailure,
    });
    expect(kinds(plan)).toEqual(['close Withdrawn']);
    const next = await planOf({ ...HELD, requests: [request], file: fileOf(request, { state: 'Withdrawn' }) });
    expect(phase(next)).toBe('Withdrawn');
    expect(concluded(next)?.message).toMatch(/somebody else has to approve the next request/);
  });

  it.each([
    [
      'a way round is open',
      { ledger: 'available', openRoutes: ['the namespaces are not guarded; apply it'] },
      'GuardOpen',
    ],
    ['the guard was not examined', { ledger: 'available', openRoutes: undefined }, 'GuardUnknown'],
  ] as const)('is kept and not used while %s', async (_what, clearance, reason) => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const first = await planOf({ ...HELD, requests: [request], file: fileOf(request), clearance });
    expect(kinds(first)).toEqual(['decide']);
    const plan = await planOf({
      ...HELD,
      requests: [request],
      file: fileOf(request, { state: 'Approved' }),
      clearance,
    });
    expect(phase(plan)).toBe('Approved');
    expect(concluded(plan)).toMatchObject({ status: 'False', reason });
    expect(plan.approvals).toBeUndefined();
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs: 30_000 });
  });

  it('waits, and says so, while the ledger is silent', async () => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const plan = await planOf({ ...HELD, requests: [request], file: DOWN });
    expect(concluded(plan)).toMatchObject({ status: 'False', reason: 'LedgerUnavailable' });
    expect(plan.status?.patch.phase).toBeUndefined();
  });

  it.each(['frozen', 'absent'] as const)('waits without asking while the ledger is %s', async (ledger) => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    const result = await pass({ ...HELD, requests: [request], clearance: { ledger, openRoutes: [] } });
    expect(result?.reads).toEqual([]);
    expect(concluded(result?.plan as Plan)?.status).toBe('False');
  });

  it('lets a defect of the ledger fail the pass', async () => {
    const request = decided(await requestFor(HELD, { status: PENDING }));
    await expect(pass({ ...HELD, requests: [request], file: new Error('defect') })).rejects.toThrow('defect');
  });
});

describe('a request that changes while a human thinks', () => {
  it('is compared with the apiserver when memory differs, and superseded only when that agrees', async () => {
    const request = await requestFor(HELD, { status: PENDING });
    const stale = { ...HELD, volumes: [] };
    const kept = await planOf({ ...stale, live: HELD, requests: [request], file: fileOf(request) });
    expect(kinds(kept)).toEqual([]);
    expect(kept.outcome).toEqual({ kind: 'waiting', recheckAfterMs: 30_000 });
    // Whatever memory lacks, the request is told of and can be decided.
    const untold = await requestFor(HELD);
    expect(phase(await planOf({ ...stale, live: HELD, requests: [untold], file: fileOf(untold) }))).toBe('Pending');
    const plan = await planOf({ ...stale, requests: [request], file: fileOf(request) });
    expect(kinds(plan)).toEqual(['close Superseded']);
    const next = await planOf({ ...stale, requests: [request], file: fileOf(request, { state: 'Superseded' }) });
    expect(phase(next)).toBe('Superseded');
    expect(reasons(next)).toEqual(['APPROVAL_WITHDRAWN']);
    expect(findConformanceFaults(told(request, next) as never)).toEqual([]);
  });

  it('of an earlier attempt is superseded, whatever became of it', async () => {
    const request = await requestFor(HELD, { status: PENDING });
    const file = { askers: [], latest: latest({ attempt: 2, nonce: 'm'.repeat(32) }) };
    expect(phase(await planOf({ ...HELD, requests: [decided(request)], file }))).toBe('Superseded');
  });

  it('is withdrawn when the object is gone, and a namesake is another object', async () => {
    const request = await requestFor(HELD, { status: PENDING });
    for (const workspaces of [[], [{ ...writer(), metadata: { ...writer().metadata, uid: uidOf('other') } }]]) {
      const world = { ...HELD, workspaces, requests: [request] };
      expect(kinds(await planOf({ ...world, file: fileOf(request) }))).toEqual(['close Withdrawn']);
      const plan = await planOf({ ...world, file: fileOf(request, { state: 'Withdrawn' }) });
      expect(phase(plan)).toBe('Withdrawn');
      expect(reasons(plan)).toEqual(['APPROVAL_WITHDRAWN']);
    }
  });

  it('is withdrawn when the approval of a parent covers the object', async () => {
    const request = await requestFor(HELD, { status: PENDING });
    const parent = consumedRequest(workspace('lead'), [workspace('lead'), writer()]);
    const workspaces = [...HELD.workspaces, workspace('lead')];
    const world = { ...HELD, workspaces, requests: [request, parent] };
    expect(kinds(await planOf({ ...world, file: fileOf(request) }))).toEqual(['close Withdrawn']);
    const plan = await planOf({ ...world, file: fileOf(request, { state: 'Withdrawn' }) });
    expect(concluded(plan)?.message).toMatch(/goes under another approval/);
  });

  it('expires, and the next attempt is opened while the deletion waits', async () => {
    const request = await requestFor(HELD, { status: PENDING });
    const now = new Date('2026-03-10T09:00:00Z');
    const world = { ...HELD, now };
    const close = await planOf({ ...world, requests: [request], file: fileOf(request, { isExpired: true }) });
    expect(kinds(close)).toEqual(['close Expired']);
    const plan = await planOf({ ...world, requests: [request], file: fileOf(request, { state: 'Expired' }) });
    expect([phase(plan), ...reasons(plan)]).toEqual(['Expired', 'APPROVAL_EXPIRED']);
    const done = told(request, plan);
    expect(kinds(await planOf({ ...world, requests: [done], file: fileOf(request, { state: 'Expired' }) }))).toEqual([
      'open',
    ]);
  });

  it('does not expire by the clock of the operator alone', async () => {
    const request = await requestFor(HELD, { status: PENDING });
    const plan = await planOf({
      ...HELD,
      requests: [request],
      file: fileOf(request),
      now: new Date('2026-03-10T09:00:00Z'),
    });
    expect(plan.approvals).toBeUndefined();
    expect(concluded(plan)?.reason).toBe('AwaitingApproval');
  });
});

describe('a denial', () => {
  it('is kept in the ledger before it is said', async () => {
    const request = decided(await requestFor(HELD, { status: PENDING }), 'Denied');
    expect(kinds(await planOf({ ...HELD, requests: [request], file: fileOf(request) }))).toEqual(['decide']);
    const plan = await planOf({ ...HELD, requests: [request], file: fileOf(request, { state: 'Denied' }) });
    expect([phase(plan), ...reasons(plan)]).toEqual(['Denied', 'APPROVAL_DENIED']);
    expect(concluded(plan)).toMatchObject({ status: 'False', reason: 'Restoring' });
    expect(findConformanceFaults(told(request, plan) as never)).toEqual([]);
  });

  it('of what nobody has deleted is the end of it', async () => {
    const request = decided(await requestFor(STANDING, { status: PENDING }), 'Denied');
    const plan = await planOf({ ...STANDING, requests: [request], file: fileOf(request, { state: 'Denied' }) });
    expect(concluded(plan)).toMatchObject({ status: 'True', reason: 'ApprovalDenied' });
  });

  it('is worked on before everything else about the name', async () => {
    const request = decided(await requestFor(HELD, { status: { phase: 'Denied' } }), 'Denied');
    const result = await pass({ ...HELD, requests: [request] });
    expect(result?.reads[0]).toBe('get Workspace writer');
    expect(result?.plan.approvals?.map(({ kind }) => kind) ?? []).not.toContain('open');
  });

  it('does not keep an object that cannot be made again from being asked about once more', async () => {
    const request = decided(await requestFor(HELD, { status: { phase: 'Denied' } }), 'Denied');
    const file = fileOf(request, { state: 'Denied' });
    const plan = await planOf({ ...HELD, requests: [request, draft('ask-2')], file });
    expect(kinds(plan)).toEqual(['open']);
  });
});

describe('a TemplateAsset', () => {
  const subject = { kind: 'TemplateAsset', namespace: NAMESPACE, name: 'base' };
  const base = deleted(storedTemplate('base'));
  const user = workspace('user', { spec: { kind: 'workspace', templateRef: { name: 'base' } } });

  it('that nobody uses opens no case', async () => {
    const result = await pass({ workspaces: [writer()], templateAssets: [base] }, subject);
    expect(result?.plan).toEqual({ outcome: { kind: 'settled' } });
    expect(result?.reads).toEqual([]);
  });

  it('in use is asked about, loses nobody, and names those who lose it', async () => {
    const file = { askers: ['ann'], latest: latest() };
    const plan = await planOf({ workspaces: [writer(), user], templateAssets: [base], file }, subject);
    expect(plan.writes).toMatchObject([{ object: { spec: { record: { losses: [], affected: ['user'] } } } }]);
  });

  it('that is no longer used has nothing left to decide', async () => {
    const world = { workspaces: [user], templateAssets: [base] };
    const request = await requestFor(world, { status: PENDING }, subject);
    const plan = await planOf({ ...world, workspaces: [], requests: [request], file: fileOf(request) }, subject);
    expect(kinds(plan)).toEqual(['close Withdrawn']);
  });
});

describe('objects that nobody deletes and nobody asks about', () => {
  it('are none of this', async () => {
    expect(await pass(STANDING)).toBeUndefined();
  });

  it('and one that goes under an approval of its own asks for nothing more', async () => {
    const result = await pass({ ...HELD, requests: [consumedRequest(writer(), [writer()])], clearance: CLEAR });
    expect(result?.reads).toEqual([]);
    expect(result?.plan.approvals).toBeUndefined();
  });
});
