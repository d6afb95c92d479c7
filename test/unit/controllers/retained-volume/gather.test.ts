import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS, VOLUME_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import { WORKSPACES } from '../../../../src/apis/v1alpha1/resources.ts';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { Clearance } from '../../../../src/controllers/clearance.ts';
import { gatherRetainedVolume } from '../../../../src/controllers/retained-volume/gather.ts';
import { observeVolume } from '../../../../src/controllers/workspace/observe.ts';
import { ApiError } from '../../../../src/kube/errors.ts';
import type { KubeObject, ObjectKey, Resource } from '../../../../src/kube/objects.ts';
import { childName } from '../../../../src/rules/identity.ts';
import { CLEAR } from '../../../builders/approval-request.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { NAMESPACE, uidOf, workspace } from '../../../builders/objects.ts';

const UID = uidOf('writer');
const NAME = childName('writer', UID);
const NOW = new Date('2026-03-08T10:00:00Z');
const { signal } = new AbortController();

function claim(labels: object, annotations: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      uid: 'pvc',
      finalizers: [VOLUME_FINALIZER],
      labels: { [LABELS.incarnation]: UID, ...labels },
      annotations: { [ANNOTATIONS.workspaceUID]: UID, [ANNOTATIONS.operation]: 'op', ...annotations },
    },
  };
}

interface Given {
  readonly remembered: KubeObject;
  readonly live?: KubeObject;
  readonly workspaces?: readonly Workspace[];
  readonly heir?: KubeObject;
  readonly kept?: KubeObject;
  readonly clearance?: Clearance;
}

/** What one look finds, and what the ledger was asked. */
async function look({ remembered, live = remembered, workspaces = [], heir, kept, clearance = CLEAR }: Given) {
  const asked: string[] = [];
  const get = async <T extends KubeObject>({ kind }: Resource, { name }: ObjectKey): Promise<T> => {
    const found = [live, heir].find((object) => object?.kind === kind && object.metadata.name === name);
    if (found === undefined) throw new ApiError(`"${name}" not found`, { code: 404, reason: 'NotFound' });
    return found as T;
  };
  const sources = {
    volumes: fakeStore([observeVolume(remembered)]),
    workspaces: fakeStore(workspaces, { namespace: ({ metadata }) => metadata.namespace }),
    client: { get },
    ledger: {
      mayErase: async (operationID: string, claimUID: string) => asked.push(`${operationID}/${claimUID}`) > 0,
      readSnapshot: async (uid: string) => (uid === UID ? kept : undefined),
    },
    clearance: () => clearance,
    now: () => NOW,
  };
  const snapshot = await gatherRetainedVolume({ namespace: NAMESPACE, name: NAME }, sources, signal);
  return { work: snapshot?.work, asked };
}

const due = claim({ [LABELS.expires]: '20260308T100000Z' });

describe('what is found out about a volume', () => {
  it('that is nobody’s to keep: nothing', async () => {
    expect(await look({ remembered: claim({}) })).toEqual({ work: undefined, asked: [] });
  });

  it('whose time has not come: how long it is kept yet', async () => {
    const remembered = claim({ [LABELS.expires]: '20260308T100100Z' });
    expect(await look({ remembered })).toEqual({ work: { kind: 'kept', untilMs: 60_000 }, asked: [] });
  });

  it.each(['never', 'soon', ''])('that says "%s": it is kept without end', async (expires) => {
    expect(await look({ remembered: claim({ [LABELS.expires]: expires }) })).toEqual({
      work: { kind: 'kept' },
      asked: [],
    });
  });

  it('whose time is over: whether its operation covers it, by the ledger', async () => {
    expect(await look({ remembered: due })).toEqual({ work: { kind: 'due', mayErase: true }, asked: ['op/pvc'] });
  });

  it('whose time was made longer meanwhile: that it is kept', async () => {
    const live = claim({ [LABELS.expires]: '20260308T110000Z' });
    expect(await look({ remembered: due, live })).toMatchObject({ work: { kind: 'kept' }, asked: [] });
  });

  it('that names no operation: it is kept, because nobody approved anything', async () => {
    const remembered = claim({ [LABELS.expires]: '20260308T100000Z' });
    const { [ANNOTATIONS.operation]: _none, ...annotations } = remembered.metadata.annotations ?? {};
    const live = { ...remembered, metadata: { ...remembered.metadata, annotations } };
    expect(await look({ remembered, live })).toEqual({ work: { kind: 'kept' }, asked: [] });
  });

  it.each<[string, Clearance]>([
    ['the guard is open', { ledger: 'available', openRoutes: ['a policy is missing'] }],
    ['the guard is not known', { ledger: 'available', openRoutes: undefined }],
    ['the ledger is down', { ledger: 'unavailable', openRoutes: [] }],
  ])('while %s: nothing is erased, and the ledger is not even asked', async (_title, clearance) => {
    expect(await look({ remembered: due, clearance })).toEqual({ work: { kind: 'due', mayErase: false }, asked: [] });
  });

  it('of a Workspace that lives under another uid: that it is in use, however late it is', async () => {
    const workspaces = [workspace('writer', { status: { incarnation: UID } })];
    expect(await look({ remembered: due, workspaces })).toEqual({
      work: { kind: 'in-use', isGoing: false },
      asked: [],
    });
  });

  it('of a Workspace that is on its way out: that it is still in use', async () => {
    const dying = workspace('writer', { status: { incarnation: UID } });
    const workspaces = [{ ...dying, metadata: { ...dying.metadata, deletionTimestamp: '2026-03-08T09:00:00Z' } }];
    expect(await look({ remembered: due, workspaces })).toEqual({ work: { kind: 'in-use', isGoing: true }, asked: [] });
  });

  it('of a dead Workspace whose name a new one has: that it is nobody’s', async () => {
    const workspaces = [workspace('writer', { metadata: { ...workspace('writer').metadata, uid: uidOf('new') } })];
    expect(await look({ remembered: due, workspaces })).toMatchObject({ work: { kind: 'due' } });
  });

  it('that is asked back, though its time is over: the Workspace as it was, and who has its name', async () => {
    const remembered = claim({ [LABELS.expires]: '20260308T100000Z' }, { [ANNOTATIONS.restore]: 'please' });
    const kept = { ...workspace('writer'), kind: WORKSPACES.kind };
    const heir = { ...workspace('writer'), kind: WORKSPACES.kind };
    expect(await look({ remembered, kept, heir })).toEqual({ work: { kind: 'asked-back', kept, heir }, asked: [] });
    expect(await look({ remembered, kept })).toEqual({
      work: { kind: 'asked-back', kept, heir: undefined },
      asked: [],
    });
  });

  it('that somebody asked back at this very moment: that comes first', async () => {
    const live = claim({ [LABELS.expires]: '20260308T100000Z' }, { [ANNOTATIONS.restore]: 'please' });
    expect(await look({ remembered: due, live })).toMatchObject({ work: { kind: 'asked-back' }, asked: [] });
  });

  const asked = { [LABELS.expires]: 'never' };
  const please = { [ANNOTATIONS.restore]: 'please' };
  const dead = { ...workspace('writer'), kind: WORKSPACES.kind };

  it.each<[string, KubeObject, KubeObject]>([
    [
      'a Workspace of another namespace',
      claim(asked, please),
      { ...dead, metadata: { ...dead.metadata, namespace: 'another' } },
    ],
    [
      'a Workspace whose volume has another name',
      claim(asked, please),
      { ...dead, metadata: { ...dead.metadata, name: 'reader' } },
    ],
    ['a Workspace with other data', claim({ ...asked, [LABELS.incarnation]: uidOf('other') }, please), dead],
  ])('that is forged to name %s: that the ledger knows of none', async (_title, remembered, kept) => {
    expect(await look({ remembered, kept })).toMatchObject({ work: { kind: 'asked-back', kept: undefined } });
  });
});
