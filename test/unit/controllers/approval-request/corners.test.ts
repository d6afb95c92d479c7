import { describe, expect, it } from 'vitest';
import type { ApprovalRequest } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { attemptOf, breakGlassAttempt } from '../../../../src/controllers/approval-request/attempt.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
import { consumedRequest } from '../../../builders/approval-request.ts';
import { NAMESPACE, templateAsset, uidOf, workspace } from '../../../builders/objects.ts';
import {
  DEAD,
  decided,
  deleted,
  draft,
  fileOf,
  HELD,
  kinds,
  latest,
  NOW,
  PENDING,
  pass,
  planOf,
  requestFor,
  STANDING,
  type World,
  writer,
  writerUID,
} from './fixture.ts';

const CONSUMED = { state: 'Consumed', operationID: 'operation-1' } as const;

const names = ({ status, writes = [] }: Plan): readonly (string | undefined)[] => [
  status?.key.name,
  ...writes.map((write) => (write.kind === 'patch' ? write.key.name : write.object.metadata.name)),
];

function glass(name = 'ask-1', creationTimestamp = '2026-03-02T08:50:00Z'): ApprovalRequest {
  const made = draft(name, { breakGlass: true });
  return { ...made, metadata: { ...made.metadata, creationTimestamp } };
}

describe('an attempt of which no request is there', () => {
  it('is closed when it has expired', async () => {
    const plan = await planOf({ ...HELD, file: { askers: [], latest: latest({ isExpired: true }) } });
    expect(kinds(plan)).toEqual(['close Expired']);
  });

  it('is shown once more when it was used up, however long ago', async () => {
    const request = await requestFor(HELD);
    const plan = await planOf({ ...HELD, file: fileOf(request, { ...CONSUMED, isExpired: true }) });
    expect(kinds(plan)).toEqual([]);
    expect(plan.writes).toHaveLength(1);
  });

  it('is left as it is when it was used up for what is there no more', async () => {
    const plan = await planOf({ ...HELD, file: { askers: [], latest: latest({ ...CONSUMED, hash: 'f'.repeat(64) }) } });
    expect(plan).toEqual({ outcome: { kind: 'waiting', recheckAfterMs: 1_000 } });
  });

  it('that was used up leaves nothing to ask for', async () => {
    const plan = await planOf({
      ...HELD,
      requests: [draft('ask-1')],
      file: { askers: ['ann'], latest: latest(CONSUMED) },
    });
    expect(plan.status?.patch.phase).toBe('Withdrawn');
  });
});

describe('a request of somebody for what cannot be decided', () => {
  it('is withdrawn, and no attempt is opened for an object that is gone', async () => {
    const plan = await planOf({ ...STANDING, workspaces: [], requests: [draft('ask-1')], file: { askers: [] } });
    expect(kinds(plan)).toEqual([]);
    expect(plan.status?.patch.phase).toBe('Withdrawn');
  });

  it('is withdrawn when our finalizer is off the object', async () => {
    const [held] = HELD.workspaces;
    if (held === undefined) throw new Error('There has to be a Workspace');
    const released = { ...held, metadata: { ...held.metadata, finalizers: ['example.com/other'] } };
    const plan = await planOf({ ...HELD, workspaces: [released], requests: [draft('ask-1')], file: { askers: [] } });
    expect(plan.status?.patch.phase).toBe('Withdrawn');
  });

  it('gives way to the older of two, whatever their names', async () => {
    const younger = draft('ask-a');
    const older = draft('ask-b');
    const at = (request: ApprovalRequest, creationTimestamp: string): ApprovalRequest => ({
      ...request,
      metadata: { ...request.metadata, creationTimestamp },
    });
    const requests = [at(younger, '2026-03-02T08:00:02Z'), at(older, '2026-03-02T08:00:01Z')];
    const plan = await planOf({ ...STANDING, requests, file: { askers: ['ann'], latest: latest() } });
    expect(names(plan)).toEqual([undefined, 'ask-b']);
  });

  it('is told one after the other that the ledger is silent', async () => {
    const requests = [draft('ask-1'), draft('ask-2')];
    const clearance = { ledger: 'absent', openRoutes: [] } as const;
    const plan = await planOf({ ...STANDING, requests, clearance });
    expect(names(plan)).toEqual(['ask-1']);
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs: 0 });
  });
});

describe('a broken glass that comes to nothing', () => {
  it.each([
    ['the object is gone', { ...HELD, workspaces: [], requests: [glass()] }],
    ['nobody completed it within its hour', { ...HELD, requests: [glass('ask-1', '2026-03-02T08:00:00Z')] }],
  ])('is withdrawn when %s', async (_what, world) => {
    const plan = await planOf({ ...world, clearance: DEAD });
    expect(plan.status?.patch.phase).toBe('Withdrawn');
    expect(plan.writes).toBeUndefined();
  });

  it('gives way to the one before it', async () => {
    const plan = await planOf({ ...HELD, requests: [glass(), glass('ask-2')], clearance: DEAD });
    expect(names(plan)).toEqual(['ask-2']);
    expect(plan.status?.patch.phase).toBe('Withdrawn');
  });
});

describe('what was done without the ledger', () => {
  const world = async (): Promise<World> => {
    const request = decided(await requestFor(HELD, { attempt: breakGlassAttempt(glass(), NOW) }));
    const status = { phase: 'Consumed', operationID: 'break-glass' } as const;
    return { ...HELD, workspaces: [], requests: [{ ...request, status }] };
  };

  it('is recorded in an attempt of its own when an earlier one is in the way', async () => {
    const foreign = { askers: [], latest: latest({ hash: 'f'.repeat(64) }) };
    expect(kinds(await planOf({ ...(await world()), file: foreign }))).toEqual(['close Withdrawn']);
    const old = { askers: [], latest: latest({ isExpired: true }) };
    expect(kinds(await planOf({ ...(await world()), file: old }))).toEqual(['close Expired']);
  });

  it('is not told again and again to a ledger that refuses it', async () => {
    const lastFailure = { reason: 'ApprovalRefused', message: 'no' } as const;
    const plan = await planOf({ ...(await world()), file: { askers: [], latest: latest() }, lastFailure });
    expect(plan).toEqual({ outcome: { kind: 'waiting', recheckAfterMs: 3_600_000 } });
  });
});

describe('what the apiserver says', () => {
  it('of another object with the name is not taken for this one', async () => {
    const other = { ...writer(), metadata: { ...writer().metadata, uid: uidOf('another') } };
    const file = { askers: [], latest: latest() };
    expect(await planOf({ ...HELD, live: { workspaces: [other] }, file })).toEqual({
      outcome: { kind: 'waiting', recheckAfterMs: 1_000 },
    });
  });
});

describe('those who asked', () => {
  it('stand in the record without the controllers of the cluster, and no more than it holds', async () => {
    const people = Array.from({ length: 70 }, (_each, index) => `user-${index}`);
    const askers = ['system:serviceaccount:kube-system:generic-garbage-collector', ...people];
    const { spec } = await requestFor(HELD, { attempt: attemptOf(latest(), askers) });
    expect(spec.record?.askers).toHaveLength(64);
    expect(spec.record?.askers).not.toContain(askers[0]);
  });
});

describe('a restoration', () => {
  const releasing = { phase: 'Denied', restoration: { state: 'Releasing', id: writerUID } } as const;

  it('that has begun goes on, whoever asks for the object now', async () => {
    const denied = decided(await requestFor(HELD, { status: releasing }), 'Denied');
    const plan = await planOf({ ...HELD, requests: [denied, draft('ask-2')] });
    expect(plan.approvals?.map(({ kind }) => kind) ?? []).not.toContain('open');
  });

  it('that cannot begin does not let go what goes under a later approval', async () => {
    const denied = decided(await requestFor(HELD, { status: { phase: 'Denied' } }), 'Denied');
    const requests = [denied, { ...consumedRequest(writer(), [writer()]) }];
    const result = await pass({ ...HELD, requests });
    expect(result?.reads).toEqual([]);
    expect(result?.plan.removeFinalizer).toBeUndefined();
  });

  it('and the time of the decision stay said when something else is', async () => {
    const conditions = [
      {
        type: 'Concluded',
        status: 'True',
        reason: 'ApprovalDenied',
        message: 'x',
        lastTransitionTime: '2026-03-02T08:00:00Z',
      },
    ] as const;
    const status = {
      ...releasing,
      restoration: { state: 'Restored' },
      decidedAt: '2026-03-02T08:00:00Z',
      conditions,
    } as const;
    const denied = decided(await requestFor(STANDING, { status }), 'Denied');
    const plan = await planOf({ ...STANDING, requests: [denied] });
    expect(plan.status?.patch).not.toHaveProperty('restoration');
    expect(plan.status?.patch).not.toHaveProperty('decidedAt');
    expect(plan.status?.patch.observedGeneration).toBe(2);
  });
});

describe('a TemplateAsset without anything to deliver', () => {
  it('is used by nobody, also where it is named', async () => {
    const user = workspace('user', { spec: { kind: 'workspace', templateRef: { name: 'base' } } });
    const subject = { kind: 'TemplateAsset', namespace: NAMESPACE, name: 'base' };
    const result = await pass({ workspaces: [user], templateAssets: [deleted(templateAsset('base'))] }, subject);
    expect(result?.reads).toEqual([]);
  });
});

describe('a request that waits', () => {
  it('is told in the words of a silent ledger and again in its own once that answers', async () => {
    const request = { ...decided(await requestFor(HELD, { status: PENDING })) };
    const plan = await planOf({ ...HELD, requests: [request], clearance: { ledger: 'frozen', openRoutes: [] } });
    expect(plan.status?.patch.conditions).toContainEqual(expect.objectContaining({ reason: 'LedgerFrozen' }));
  });
});
