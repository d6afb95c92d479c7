import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ANNOTATIONS,
  API_VERSION,
  LABELS,
  MANAGED_BY,
  OPERATOR_NAMESPACE,
  OPERATOR_SERVICE_ACCOUNT,
  VOLUME_FINALIZER,
} from '../../../src/apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { Restorable } from '../../../src/controllers/restoration/restorable.ts';
import { gatherRetainedVolume, isRetained } from '../../../src/controllers/retained-volume/gather.ts';
import { planRetainedVolume } from '../../../src/controllers/retained-volume/plan.ts';
import { BY_NAMESPACE } from '../../../src/controllers/stores.ts';
import { observeVolume } from '../../../src/controllers/workspace/observe.ts';
import { readLive } from '../../../src/controllers/workspace/read-live.ts';
import { isConflict } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { type OpenClient, openKubeClient } from '../../../src/kube/open-client.ts';
import { formatExpiry } from '../../../src/rules/expiry.ts';
import { childName } from '../../../src/rules/identity.ts';
import { CLEAR } from '../../builders/approval-request.ts';
import { fakeStore } from '../../builders/fake-store.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';
import { createNamespace, mustKubectl, serviceAccountKubeconfig } from '../../support/control-plane.ts';
import { type Death, DyingProcess, deathsWithin } from './dying-process.ts';

/** What becomes of a volume, step by step, with the rights of the operator, against the real apiserver; nobody else is at work. */

const { signal } = new AbortController();
const UID = '3f0c6a8e-1111-4222-8333-444455556666';
const NAME = childName('writer', UID);
const MOST_PASSES = 20;
/** Let go, deleted. */
const ERASURE = 2;
/** Made again, identified, repaired, marked no more. */
const RESTORATION = 4;
const write = { fieldManager: 'test', signal };
let cluster: OpenClient;
let namespace: string;
let ledger: MemoryLedger;
let operation: string;

beforeAll(async () => {
  cluster = openKubeClient({
    kubeconfig: await serviceAccountKubeconfig({ namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT }),
    userAgent: 'molecule-operator',
  });
});
afterAll(() => cluster.client.close());
beforeEach(() => keepVolume());

const key = (name: string) => ({ namespace, name });
const live = <T extends KubeObject>(resource: typeof WORKSPACES | typeof PERSISTENT_VOLUME_CLAIMS, name: string) =>
  readLive<T>(cluster.client, { resource, observe: (object) => object as T }, { key: key(name), signal });
const claim = () => live(PERSISTENT_VOLUME_CLAIMS, NAME);
const workspace = () => live<Restorable>(WORKSPACES, 'writer');
const alive = (death?: Death): DyingProcess => new DyingProcess({ client: cluster.client, ledger }, death);

/** The volume of a Workspace that is gone, whose deletion the ledger has with the approval; its time is over. */
async function keepVolume(): Promise<void> {
  namespace = await createNamespace();
  ledger = new MemoryLedger({ now: () => new Date() });
  const body = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...key(NAME),
      labels: {
        [LABELS.managedBy]: MANAGED_BY,
        [LABELS.workspace]: 'writer',
        [LABELS.incarnation]: UID,
        [LABELS.expires]: formatExpiry(new Date()),
      },
      annotations: { [ANNOTATIONS.incarnation]: UID, [ANNOTATIONS.workspaceUID]: UID },
      finalizers: [VOLUME_FINALIZER],
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const { metadata } = await cluster.client.create<KubeObject>(PERSISTENT_VOLUME_CLAIMS, body, write);
  await ledger.approve({ kind: 'snapshot', subjectUID: UID, object: deadWorkspace() });
  operation = await approve(metadata.uid ?? '');
  const annotations = { [ANNOTATIONS.operation]: operation };
  await cluster.client.patch(PERSISTENT_VOLUME_CLAIMS, key(NAME), { metadata: { annotations } }, write);
}

async function approve(claimUID: string): Promise<string> {
  const subject = { subjectUID: UID, action: 'delete_workspace', subject: 'Workspace writer' };
  await ledger.approve({ kind: 'open', ...subject, ttlSeconds: 60, asker: 'eve' });
  const approvalID = ledger.approvals[0]?.id ?? '';
  const hash = 'ab'.repeat(32);
  await ledger.approve({ kind: 'bind', approvalID, hash });
  await ledger.approve({ kind: 'decide', approvalID, verdict: 'Approved', hash, by: 'alice' });
  const members = [{ uid: UID, subject: 'Workspace writer', claimUID, retainSeconds: 0 }];
  await ledger.approve({ kind: 'consume', approvalID, hash, members, detail: {} });
  return ledger.approvals[0]?.operationID ?? '';
}

function deadWorkspace(): KubeObject {
  const metadata = { ...key('writer'), uid: UID, labels: { team: 'docs' }, finalizers: ['moleculesai.app/approval'] };
  const object = {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata,
    spec: { kind: 'workspace', displayName: 'Writer' },
    status: { id: UID, incarnation: UID },
  };
  return object;
}

const askBack = () => mustKubectl(['annotate', 'pvc', NAME, `${ANNOTATIONS.restore}=please`], { namespace });

async function pass(process: DyingProcess): Promise<void> {
  const remembered = await claim();
  const namesake = await workspace();
  const sources = {
    volumes: fakeStore(remembered === undefined ? [] : [observeVolume(remembered)]),
    workspaces: fakeStore(namesake === undefined ? [] : [namesake as Workspace], {
      [BY_NAMESPACE]: ({ metadata }) => metadata.namespace,
    }),
    client: process.client,
    ledger,
    clearance: () => CLEAR,
    now: () => new Date(),
  };
  const snapshot = await gatherRetainedVolume(key(NAME), sources, signal);
  if (snapshot !== undefined) await process.execute(planRetainedVolume(snapshot, new Date()));
}

/** Until nothing is left to do about the volume: it is gone, or a Workspace's again. */
async function run(process = alive()): Promise<void> {
  for (let passes = 0; passes < MOST_PASSES && !process.isDead; passes += 1) {
    const found = await claim();
    if (found === undefined || found.metadata.deletionTimestamp !== undefined || !isRetained(observeVolume(found)))
      return;
    await pass(process);
  }
  if (!process.isDead) expect.unreachable(`it took more than ${MOST_PASSES} passes`);
}

describe('an erasure', () => {
  it('takes two effects', async () => {
    const whole = alive();
    await run(whole);
    expect(whole.effects).toBe(ERASURE);
    expect(whole.events.map(({ reason }) => reason)).toEqual(['VolumeErased']);
  });

  it.each(deathsWithin(ERASURE))('that dies at effect $at (done: $isDone) comes to its end', async (death) => {
    await run(alive(death));
    await run();
    const left = await claim();
    expect(left?.metadata.finalizers ?? []).not.toContain(VOLUME_FINALIZER);
    expect(left === undefined || left.metadata.deletionTimestamp !== undefined).toBe(true);
    expect(await workspace()).toBeUndefined();
  });

  it('does not begin without the ledger’s word', async () => {
    const annotations = { [ANNOTATIONS.operation]: 'another operation' };
    await cluster.client.patch(PERSISTENT_VOLUME_CLAIMS, key(NAME), { metadata: { annotations } }, write);
    const process = alive();
    await pass(process);
    expect(process.effects).toBe(0);
  });
});

describe('a restoration', () => {
  it('takes four effects, though the time of the volume is over', async () => {
    await askBack();
    const whole = alive();
    await run(whole);
    expect(whole.effects).toBe(RESTORATION);
    expect(whole.events.map(({ reason }) => reason)).toEqual(['Restored']);
  });

  it.each(deathsWithin(RESTORATION))(
    'that dies at effect $at (done: $isDone) comes to its end, with the data',
    async (death) => {
      await askBack();
      const before = await claim();
      await run(alive(death));
      await run();
      const back = await workspace();
      expect(back).toMatchObject({
        metadata: { labels: { team: 'docs' }, finalizers: ['moleculesai.app/approval'] },
        spec: { displayName: 'Writer' },
        status: { id: UID, incarnation: UID },
      });
      expect(JSON.stringify(back?.metadata.managedFields)).not.toContain('molecule-operator-restoration');
      const kept = await claim();
      expect(kept?.metadata).toMatchObject({
        uid: before?.metadata.uid,
        finalizers: expect.arrayContaining([VOLUME_FINALIZER]),
      });
      expect(kept?.metadata.deletionTimestamp).toBeUndefined();
      expect(kept?.metadata.labels).not.toHaveProperty([LABELS.expires]);
    },
  );
});

describe('a volume that is asked back while it is being erased', () => {
  it('is kept as long as it is not deleted: the finalizer comes back, and so does the Workspace', async () => {
    await run(alive({ at: 1, isDone: true }));
    expect((await claim())?.metadata.finalizers).not.toContain(VOLUME_FINALIZER);
    await askBack();
    await run();
    expect((await claim())?.metadata.finalizers).toContain(VOLUME_FINALIZER);
    expect(await workspace()).toMatchObject({ status: { incarnation: UID } });
  });

  it('between the decision and the DELETE is not deleted', async () => {
    await run(alive({ at: 1, isDone: true }));
    const process = alive();
    const snapshot = {
      volume: observeVolume((await claim()) ?? expect.unreachable()),
      work: { kind: 'due', mayErase: true },
    } as const;
    const plan = planRetainedVolume(snapshot, new Date());
    expect(plan.deletes).toHaveLength(1);
    await askBack();
    await expect(process.execute(plan)).rejects.toSatisfy(isConflict);
    expect((await claim())?.metadata.deletionTimestamp).toBeUndefined();
    expect(process.events).toEqual([]);
  });
});
