import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS, VOLUME_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import type { Restorable } from '../../../../src/controllers/restoration/restorable.ts';
import { planRetainedVolume } from '../../../../src/controllers/retained-volume/plan.ts';
import type { RetainedVolumeSnapshot, Work } from '../../../../src/controllers/retained-volume/snapshot.ts';
import type { ObservedMeta, ObservedVolume } from '../../../../src/controllers/workspace/observed.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
import { NAMESPACE, uidOf } from '../../../builders/objects.ts';
import { held, madeAgain, managed, NOW, UID } from '../restoration/fixture.ts';

const MINUTE_MS = 60_000;

function volume(changes: Partial<ObservedMeta> = {}): ObservedVolume {
  const metadata = {
    name: 'writer-12345678',
    namespace: NAMESPACE,
    uid: 'pvc',
    resourceVersion: '7',
    finalizers: ['kubernetes.io/pvc-protection', VOLUME_FINALIZER],
    labels: { [LABELS.workspace]: 'writer', [LABELS.expires]: '20260308T100000Z' },
    annotations: { [ANNOTATIONS.workspaceUID]: UID, [ANNOTATIONS.operation]: 'op' },
    ...changes,
  };
  return { metadata, phase: 'Bound', resizes: [] };
}

const plan = (work: Work, changes: Partial<RetainedVolumeSnapshot> = {}): Plan =>
  planRetainedVolume({ volume: volume(), work, ...changes }, NOW);
const askedBack = (heir: Restorable | undefined, changes: Partial<RetainedVolumeSnapshot> = {}): Plan =>
  plan({ kind: 'asked-back', kept: held(), heir }, changes);
const patchOf = (result: Plan): unknown => {
  const [write, ...more] = result.writes ?? [];
  expect(more).toEqual([]);
  return write?.kind === 'patch' ? write.patch : write;
};
const quiet = (result: Plan) => [result.writes, result.deletes, result.events, result.status];
const NOTHING = [undefined, undefined, undefined, undefined];
const UNMARKED = {
  metadata: {
    resourceVersion: '7',
    labels: { [LABELS.expires]: null },
    annotations: { [ANNOTATIONS.operation]: null, [ANNOTATIONS.restore]: null },
  },
};

describe('a volume that is kept', () => {
  it.each([
    [
      'is looked at again when its time comes',
      { untilMs: 5 * MINUTE_MS },
      { kind: 'waiting', recheckAfterMs: 5 * MINUTE_MS },
    ],
    [
      'for long is looked at once a day',
      { untilMs: 40 * 24 * 60 * MINUTE_MS },
      { kind: 'waiting', recheckAfterMs: 24 * 60 * MINUTE_MS },
    ],
    ['without end is left alone', {}, { kind: 'settled' }],
  ])('%s', (_title, kept, outcome) => {
    const result = plan({ kind: 'kept', ...kept });
    expect(quiet(result)).toEqual(NOTHING);
    expect(result.outcome).toEqual(outcome);
  });

  it('stays while the ledger does not let it go', () => {
    const result = plan({ kind: 'due', mayErase: false });
    expect(quiet(result)).toEqual(NOTHING);
    expect(result.outcome).toEqual({ kind: 'waiting', recheckAfterMs: MINUTE_MS });
  });

  it('waits while the deletion of its Workspace is carried out', () => {
    expect(quiet(plan({ kind: 'in-use', isGoing: true }))).toEqual(NOTHING);
  });

  it('is no longer marked when a Workspace has it', () => {
    const result = plan({ kind: 'in-use', isGoing: false });
    expect(patchOf(result)).toEqual(UNMARKED);
    expect(result.deletes).toBeUndefined();
  });
});

describe('a volume whose time is over', () => {
  it('first loses our finalizer, so that until the DELETE it can still be asked back', () => {
    const result = plan({ kind: 'due', mayErase: true });
    expect(patchOf(result)).toEqual({
      metadata: { resourceVersion: '7', finalizers: ['kubernetes.io/pvc-protection'] },
    });
    expect([result.deletes, result.events]).toEqual([undefined, undefined]);
  });

  it('is then deleted in the version that was read, and that is told', () => {
    const result = plan({ kind: 'due', mayErase: true }, { volume: volume({ finalizers: [] }) });
    expect(result.deletes).toEqual([expect.objectContaining({ uid: 'pvc', resourceVersion: '7' })]);
    expect(result.writes).toBeUndefined();
    expect(result.events).toMatchObject([{ reason: 'VolumeErased', regarding: { apiVersion: 'v1', uid: 'pvc' } }]);
  });

  it('is told of once, and not again while something else still holds it', () => {
    const deleted = volume({ finalizers: ['kubernetes.io/pvc-protection'], deletionTimestamp: '2026-03-01T09:00:00Z' });
    expect(quiet(plan({ kind: 'due', mayErase: true }, { volume: deleted }))).toEqual(NOTHING);
  });

  it('and that somebody deleted before is let go', () => {
    const deleted = volume({ deletionTimestamp: '2026-03-01T09:00:00Z' });
    const result = plan({ kind: 'due', mayErase: true }, { volume: deleted });
    expect(result.writes).toHaveLength(1);
    expect(result.deletes).toBeUndefined();
    expect(result.events).toMatchObject([{ reason: 'VolumeErased' }]);
  });
});

describe('a volume that is asked back', () => {
  const identified = (changes: Partial<Restorable['metadata']> = {}): Restorable => {
    const made = madeAgain({ status: { id: UID, incarnation: UID, conditions: [] } });
    return { ...made, metadata: { ...made.metadata, ...changes } };
  };

  it.each([
    ['finalizer', volume({ finalizers: ['kubernetes.io/pvc-protection'] })],
    ['label', volume({ labels: { [LABELS.workspace]: 'other', [LABELS.expires]: '20260308T100000Z' } })],
  ])('gets its %s back before anything else', (_title, stripped) => {
    expect(patchOf(askedBack(undefined, { volume: stripped }))).toEqual({
      metadata: {
        resourceVersion: '7',
        finalizers: ['kubernetes.io/pvc-protection', VOLUME_FINALIZER],
        labels: { [LABELS.workspace]: 'writer' },
      },
    });
  });

  it('gets its Workspace made again', () => {
    expect(askedBack(undefined).writes).toMatchObject([
      { kind: 'create', object: { metadata: { name: 'writer' }, spec: { id: UID } } },
    ]);
  });

  it('gives the Workspace its identity, and says nothing of an agent that is not there yet', () => {
    const result = askedBack(madeAgain());
    expect(result.writes).toBeUndefined();
    expect(result.status?.patch).toMatchObject({
      id: UID,
      incarnation: UID,
      conditions: [
        { type: 'Ready', status: 'False', reason: 'Restoring' },
        { type: 'Reconciling' },
        { type: 'AgentReady' },
      ],
    });
  });

  it('gives the Workspace the managers of its fields back', () => {
    expect(askedBack(identified()).writes).toMatchObject([
      {
        patch: {
          metadata: {
            managedFields: [managed('kubectl', 'Apply'), managed('molecule-operator-workspace', 'Update', 'status')],
          },
        },
      },
    ]);
  });

  it('is no longer marked once the Workspace is back, and that is told', () => {
    const heir = identified({ managedFields: [managed('kubectl', 'Apply')] });
    const result = askedBack(heir);
    const annotations = { ...UNMARKED.metadata.annotations, [ANNOTATIONS.workspaceUID]: heir.metadata.uid };
    expect(patchOf(result)).toEqual({ metadata: { ...UNMARKED.metadata, annotations } });
    expect(result.events).toMatchObject([{ reason: 'Restored', regarding: { kind: 'Workspace' } }]);
  });

  it('waits for its own dead Workspace to be gone', () => {
    expect(quiet(askedBack(held()))).toEqual(NOTHING);
    expect(quiet(askedBack(held({ uid: uidOf('came back once') })))).toEqual(NOTHING);
  });

  it('goes on with one that we made, although somebody deletes it already', () => {
    const dying = identified({ deletionTimestamp: '2026-03-01T09:59:00Z' });
    expect(askedBack(dying).writes).toHaveLength(1);
  });

  it.each<[string, Partial<RetainedVolumeSnapshot>, Work, string]>([
    [
      'that belongs to no deleted Workspace',
      { volume: volume({ labels: {} }) },
      { kind: 'asked-back', kept: held(), heir: undefined },
      'not the volume',
    ],
    [
      'that is being erased',
      { volume: volume({ deletionTimestamp: '2026-03-01T09:00:00Z' }) },
      { kind: 'asked-back', kept: held(), heir: undefined },
      'being erased',
    ],
    ['that the ledger knows nothing of', {}, { kind: 'asked-back', kept: undefined, heir: undefined }, 'ledger'],
    [
      'whose name a new Workspace took that nobody has looked at yet',
      {},
      { kind: 'asked-back', kept: held(), heir: foreign() },
      'Another Workspace',
    ],
    [
      'whose name a Workspace with its own data has',
      {},
      { kind: 'asked-back', kept: held(), heir: foreign({ incarnation: uidOf('new') }) },
      'Another Workspace',
    ],
    [
      'whose Workspace the apiserver refuses',
      { lastFailure: { message: 'no: 2026-03-01T10:00:00Z' } },
      { kind: 'asked-back', kept: held(), heir: undefined },
      'no: …',
    ],
  ])('%s is refused in words, and nothing else is done', (_title, changes, work, words) => {
    const result = plan(work, changes);
    expect(patchOf(result)).toEqual({
      metadata: { resourceVersion: '7', annotations: { [ANNOTATIONS.restore]: null } },
    });
    expect(result.events).toMatchObject([
      { type: 'Warning', reason: 'RestoreRefused', note: expect.stringContaining(words) },
    ]);
    expect([result.deletes, result.status]).toEqual([undefined, undefined]);
  });
});

/** Made by a person under the name of the dead one. */
function foreign(status: Restorable['status'] = {}): Restorable {
  const made = madeAgain({ status });
  return { ...made, metadata: { ...made.metadata, managedFields: [managed('kubectl', 'Apply')] } };
}
