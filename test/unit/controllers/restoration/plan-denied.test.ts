import { describe, expect, it } from 'vitest';
import { APPROVAL_FINALIZER, FIELD_MANAGERS, LABELS } from '../../../../src/apis/v1alpha1/names.ts';
import { planDenied } from '../../../../src/controllers/approval-request/plan-denied.ts';
import type { RestorationSnapshot } from '../../../../src/controllers/restoration/snapshot.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
import { NAMESPACE, uidOf } from '../../../builders/objects.ts';
import { denied, held, madeAgain, managed, NEW_UID, NOW, RELEASING, snapshot, UID } from './fixture.ts';

const plan = (changes: Partial<RestorationSnapshot> = {}): Plan => planDenied(snapshot(changes), NOW);
const releasing = (changes: Partial<RestorationSnapshot> = {}): Plan =>
  plan({ request: denied({ restoration: RELEASING }), kept: held(), probe: undefined, ...changes });

/** What the request is told. */
function told({ status }: Plan) {
  const { phase, restoration, conditions } = (status?.patch ?? {}) as {
    readonly phase?: string;
    readonly restoration?: unknown;
    readonly conditions?: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
  };
  const concluded = conditions?.find(({ type }) => type === 'Concluded');
  return { phase, restoration, reason: concluded?.reason, message: concluded?.message };
}

const identified = () => {
  const { status } = held();
  return madeAgain({ status: { ...status, observedGeneration: 1 } });
};
const repaired = () => {
  const object = identified();
  return { ...object, metadata: { ...object.metadata, managedFields: [managed('kubectl', 'Apply')] } };
};

describe('an object that is held', () => {
  it('is kept in the ledger before anything else is said or done', () => {
    const result = plan();
    expect(result.approvals).toEqual([{ kind: 'snapshot', subjectUID: UID, object: held() }]);
    expect(result.status).toBeUndefined();
    expect(result.writes).toBeUndefined();
  });

  it('stays held while the ledger does not take it, and says so', () => {
    const lastFailure = { message: 'The ledger does not answer; nothing is destroyed until it does' };
    const result = plan({ lastFailure });
    expect(result.approvals).toHaveLength(1);
    expect(told(result)).toMatchObject({ reason: 'CannotRestore', restoration: undefined });
    expect(told(result).message).toContain('The ledger does not answer');
  });

  it('is let go only after the request says what it is to keep', () => {
    const result = plan({ kept: held() });
    expect(result.writes).toBeUndefined();
    expect(told(result)).toMatchObject({ restoration: RELEASING, reason: 'Restoring' });
  });

  it('that changed since it was kept is kept once more, as another version', () => {
    const result = plan({ kept: held({ labels: { team: 'before' } }), nextSubject: `${UID}/2` });
    expect(result.approvals).toEqual([{ kind: 'snapshot', subjectUID: `${UID}/2`, object: held() }]);
    expect(result.status).toBeUndefined();
  });

  it('that another manager took fields of is kept once more too', () => {
    const kept = held({ managedFields: [managed('kubectl', 'Apply'), managed('argo', 'Apply')] });
    expect(plan({ kept }).approvals).toHaveLength(1);
  });

  it('that only its own status changed of is not kept once more', () => {
    const kept = held({ resourceVersion: '90', managedFields: [managed('kubectl', 'Apply')] });
    expect(plan({ kept }).approvals).toBeUndefined();
  });

  it('stays held where it could not be made again, in the words of who refuses', () => {
    const message = 'unable to create new content in namespace acme because it is being terminated';
    const result = plan({ probe: { kind: 'refused', message } });
    expect(result.approvals).toBeUndefined();
    expect(result.writes).toBeUndefined();
    expect(told(result)).toMatchObject({ phase: undefined, restoration: undefined, reason: 'CannotRestore' });
    expect(told(result).message).toBe(
      `Denied, but the object cannot be made again, so that it stays held, and its agent runs on: ${message}`,
    );
  });

  it('stays held while finalizers of others hold it, and names them', () => {
    const finalizers = ['example.com/b', APPROVAL_FINALIZER, 'example.com/a', 'foregroundDeletion'];
    const result = plan({ live: held({ finalizers }) });
    expect(result.approvals).toBeUndefined();
    expect(told(result).message).toContain('example.com/a, example.com/b, foregroundDeletion');
  });

  it.each([
    ['2026-03-01T09:59:58Z', 5_000],
    ['2026-03-01T09:59:00Z', 60_000],
    ['2026-03-01T01:00:00Z', 300_000],
  ])('and was denied at %s is tried again in %d ms', (decidedAt, recheckAfterMs) => {
    const request = denied({ decidedAt });
    expect(plan({ request, probe: { kind: 'refused', message: 'no' } }).outcome).toEqual({
      kind: 'waiting',
      recheckAfterMs,
    });
  });
});

describe('an object that is being let go', () => {
  it('loses our finalizer in the very version that is kept, and nothing else', () => {
    expect(releasing().writes).toEqual([
      expect.objectContaining({ uid: UID, patch: { metadata: { resourceVersion: '100', finalizers: [] } } }),
    ]);
  });

  it('is kept once more and not let go when it changed', () => {
    const result = releasing({ kept: held({ annotations: {} }), nextSubject: `${UID}/2` });
    expect(result.writes).toBeUndefined();
    expect(result.approvals).toHaveLength(1);
  });

  it('is not let go when the ledger does not have it', () => {
    const result = releasing({ kept: undefined });
    expect(result.writes).toBeUndefined();
    expect(result.approvals).toHaveLength(1);
  });

  it('and is gone is made again without what the apiserver writes, and without the finalizers of cascades', () => {
    const kept = held({ finalizers: ['foregroundDeletion', 'orphan', 'example.com/f', APPROVAL_FINALIZER] });
    const owned = {
      ...kept,
      metadata: { ...kept.metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }] },
    };
    const result = releasing({ live: undefined, kept: owned });
    expect(result.writes).toEqual([
      {
        kind: 'create',
        resource: expect.objectContaining({ kind: 'Workspace' }),
        object: {
          apiVersion: 'moleculesai.app/v1alpha1',
          kind: 'Workspace',
          metadata: {
            namespace: NAMESPACE,
            name: 'writer',
            labels: { team: 'docs' },
            annotations: { 'example.com/owner': 'eve' },
            finalizers: ['example.com/f', APPROVAL_FINALIZER],
          },
          spec: { id: UID },
        },
        fieldManager: FIELD_MANAGERS.restoration,
      },
    ]);
  });

  it('and is refused after all says why and is tried again', () => {
    const result = releasing({ live: undefined, lastFailure: { message: 'exceeded quota' } });
    expect(result.writes).toHaveLength(1);
    expect(told(result)).toMatchObject({ reason: 'CannotRestore' });
  });

  it('and whose copy is lost is not made up', () => {
    const result = releasing({ live: undefined, kept: undefined });
    expect(result.writes).toBeUndefined();
    expect(told(result).message).toContain('the ledger does not have it any more');
  });
});

describe('an object that was made again', () => {
  it('gets its identity before anything else, and what its status said stays said', () => {
    const result = releasing({ live: madeAgain() });
    expect(result.status).toMatchObject({
      uid: NEW_UID,
      resourceVersion: '100',
      fieldManager: FIELD_MANAGERS.workspace,
      patch: { id: UID, incarnation: UID, observedGeneration: 1 },
    });
    expect(result.status?.patch.conditions).toEqual([
      expect.objectContaining({ type: 'Ready', observedGeneration: 1 }),
      expect.objectContaining({ type: 'AgentReady', observedGeneration: 1 }),
    ]);
    expect(result.writes).toBeUndefined();
  });

  it('by somebody else, with another spec, is given the identity and is said to be on its way back', () => {
    const live = madeAgain({
      spec: {},
      metadata: { ...madeAgain().metadata, managedFields: [managed('argo', 'Apply')] },
    });
    const result = releasing({ live });
    expect(result.status?.patch).toMatchObject({ id: UID, incarnation: UID });
    expect(result.status?.patch.conditions).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'Restoring' },
      { type: 'Reconciling', status: 'True' },
      { type: 'AgentReady', status: 'False' },
    ]);
  });

  it('gets the managers of its fields back once it has its identity', () => {
    const result = releasing({ live: identified() });
    expect(result.status).toBeUndefined();
    expect(result.writes).toEqual([
      expect.objectContaining({
        uid: NEW_UID,
        patch: {
          metadata: {
            resourceVersion: '100',
            managedFields: [managed('kubectl', 'Apply'), managed('molecule-operator-workspace', 'Update', 'status')],
          },
        },
      }),
    ]);
  });

  it('concludes the request and is told of once it is back', () => {
    const result = releasing({ live: repaired() });
    expect(told(result)).toEqual({
      phase: undefined,
      restoration: { state: 'Restored', uid: NEW_UID },
      reason: 'ApprovalDenied',
      message: 'Denied; Workspace "writer" is back as it was',
    });
    expect(result.events).toEqual([
      expect.objectContaining({ reason: 'Restored', regarding: expect.objectContaining({ uid: NEW_UID }) }),
    ]);
    expect(result.outcome).toEqual({ kind: 'settled' });
  });

  it.each([
    ['names another id', { spec: { id: uidOf('another') } }],
    ['has another identity already', { status: { incarnation: NEW_UID, conditions: [] } }],
  ])('by somebody else and %s is left alone, and the volume is marked as kept', (_title, changes) => {
    const metadata = { name: 'writer-1', namespace: NAMESPACE, uid: 'pvc', resourceVersion: '7' };
    const volume = { metadata, phase: 'Bound', resizes: [] };
    const result = releasing({ live: madeAgain(changes), volume });
    expect(result.writes).toEqual([
      expect.objectContaining({
        uid: 'pvc',
        patch: { metadata: { resourceVersion: '7', labels: { [LABELS.expires]: 'never' } } },
      }),
    ]);
    expect(told(result)).toMatchObject({ restoration: null, reason: 'ApprovalDenied' });
    expect(told(result).message).toContain('its volume "writer-1" is kept without end');
  });
});

describe('a denied request', () => {
  it.each([
    [
      'whose object nobody deleted',
      { live: (({ deletionTimestamp: _gone, ...metadata }) => ({ ...held(), metadata }))(held().metadata) },
    ],
    ['whose object is gone', { live: undefined }],
    ['whose name is another object’s', { live: held({ uid: NEW_UID }) }],
  ])('%s is concluded and does nothing', (_title, changes) => {
    const result = plan(changes);
    expect(told(result)).toMatchObject({ reason: 'ApprovalDenied' });
    expect({ ...result, status: undefined, events: undefined }).toMatchObject({ outcome: { kind: 'settled' } });
    expect([result.writes, result.approvals, result.deletes]).toEqual([undefined, undefined, undefined]);
  });

  it.each([[{}], [{ restoration: RELEASING }]])(
    'whose object goes under another approval brings nothing back (%j)',
    (status) => {
      const result = plan({ request: denied(status), kept: held(), isCovered: true });
      expect(told(result)).toMatchObject({ reason: 'ApprovalDenied' });
      expect([result.writes, result.approvals]).toEqual([undefined, undefined]);
    },
  );

  it('that is concluded says what it said and writes nothing', () => {
    const first = plan({ request: denied({ restoration: RELEASING }), live: repaired(), kept: held() });
    const { patch } = first.status ?? { patch: {} };
    const request = denied({ ...patch, restoration: { ...RELEASING, state: 'Restored', uid: NEW_UID } });
    expect(plan({ request, live: undefined })).toEqual({ outcome: { kind: 'settled' } });
  });

  it('keeps what it was shown with', () => {
    expect(told(plan({ kept: held() })).phase).toBeUndefined();
    expect(plan({ kept: held() }).status?.patch).not.toHaveProperty('summary');
  });
});
