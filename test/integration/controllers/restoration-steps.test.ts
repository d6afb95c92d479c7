import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import {
  API_VERSION,
  APPROVAL_FINALIZER,
  LABELS,
  OPERATOR_NAMESPACE,
  OPERATOR_SERVICE_ACCOUNT,
} from '../../../src/apis/v1alpha1/names.ts';
import { APPROVAL_REQUESTS, PERSISTENT_VOLUME_CLAIMS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { rfc3339 } from '../../../src/conditions/summarise.ts';
import { planDenied } from '../../../src/controllers/approval-request/plan-denied.ts';
import { gatherRestoration } from '../../../src/controllers/restoration/gather.ts';
import type { Restorable } from '../../../src/controllers/restoration/restorable.ts';
import { desiredVolume } from '../../../src/controllers/workspace/desired.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { type OpenClient, openKubeClient } from '../../../src/kube/open-client.ts';
import { childName } from '../../../src/rules/identity.ts';
import { fakeStore } from '../../builders/fake-store.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';
import { createNamespace, kubectl, mustKubectl, serviceAccountKubeconfig } from '../../support/control-plane.ts';
import { type Death, DyingProcess, deathsWithin } from './dying-process.ts';

/** The steps of a restoration one by one, with the rights of the operator, against the real apiserver; nobody else is at work. */

const { signal } = new AbortController();
const ANOTHER_ID = '0f0e0d0c-0b0a-4908-8706-050403020100';
const MOST_PASSES = 20;
/** Kept, Releasing, let go, made again, identified, repaired, Restored. */
const EFFECTS = 7;
let cluster: OpenClient;
let namespace: string;
let ledger: MemoryLedger;

beforeAll(async () => {
  cluster = openKubeClient({
    kubeconfig: await serviceAccountKubeconfig({ namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT }),
    userAgent: 'molecule-operator',
  });
});
afterAll(() => cluster.client.close());
beforeEach(async () => {
  namespace = await createNamespace();
});

const alive = (death?: Death): DyingProcess => new DyingProcess({ client: cluster.client, ledger }, death);

async function pass(process: DyingProcess): Promise<ApprovalRequest> {
  const request = await readRequest();
  const memory = {
    approvalRequests: fakeStore<ApprovalRequest>([]),
    orgs: fakeStore<Org>([]),
    workspaces: fakeStore<Workspace>([]),
  };
  const sources = { client: process.client, ledger, ...memory };
  const snapshot = await gatherRestoration(request, sources, signal);
  await process.execute(planDenied(snapshot, new Date()));
  return readRequest();
}

/** Goes on until the request is as wanted, or nobody is left. */
async function runUntil(isDone: (request: ApprovalRequest) => boolean, process = alive()): Promise<void> {
  for (let passes = 0; passes < MOST_PASSES; passes += 1) {
    if (process.isDead || isDone(await pass(process))) return;
  }
  expect.unreachable(`it took more than ${MOST_PASSES} passes`);
}

const concluded = ({ status }: ApprovalRequest) => status?.conditions?.find(({ type }) => type === 'Concluded');
const isConcluded = (request: ApprovalRequest): boolean => concluded(request)?.status === 'True';
const key = (name: string) => ({ namespace, name });
const readRequest = () => cluster.client.get<ApprovalRequest>(APPROVAL_REQUESTS, key('apr-1'), { signal });
const read = () => cluster.client.get<Restorable>(WORKSPACES, key('writer'), { signal });
const isGone = async (): Promise<boolean> => (await kubectl(['get', 'workspace', 'writer'], { namespace })).code !== 0;
const write = { fieldManager: 'molecule-operator-workspace', signal };

/** A Workspace that somebody applied, that the operator has looked at, and whose deletion was denied. */
async function denyDeletion(): Promise<Restorable> {
  ledger = new MemoryLedger({ now: () => new Date() });
  const object = {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: { name: 'writer', labels: { team: 'docs', stage: 'live' } },
    spec: { displayName: 'Writer' },
  };
  await mustKubectl(['apply', '--server-side', '--field-manager=gitops', '-f', '-'], {
    namespace,
    input: JSON.stringify(object),
  });
  const { uid = '' } = (await read()).metadata;
  const ready = { status: 'True', reason: 'WorkspaceReady', message: 'The agent is ready', observedGeneration: 1 };
  const at = { lastTransitionTime: rfc3339(new Date()) };
  const status = { id: uid, incarnation: uid, observedGeneration: 1, conditions: [{ type: 'Ready', ...ready, ...at }] };
  await cluster.client.patch(WORKSPACES, key('writer'), { status }, { ...write, subresource: 'status' });
  await mustKubectl(['delete', 'workspace', 'writer', '--wait=false'], { namespace });
  const request: KubeObject & Pick<ApprovalRequest, 'spec'> = {
    apiVersion: API_VERSION,
    kind: 'ApprovalRequest',
    metadata: { namespace, name: 'apr-1' },
    spec: {
      action: 'delete_workspace',
      target: { group: 'moleculesai.app', kind: 'Workspace', name: 'writer', uid },
      requestedBy: 'eve',
    },
  };
  await cluster.client.create(APPROVAL_REQUESTS, request, write);
  const verdict = { phase: 'Denied', decidedAt: rfc3339(new Date()) };
  await cluster.client.patch(APPROVAL_REQUESTS, key('apr-1'), { status: verdict }, { ...write, subresource: 'status' });
  return read();
}

/** What must be the same before and after; times and versions are the apiserver's. */
function essence({ metadata, spec, status }: Restorable): object {
  const { labels, annotations, finalizers, managedFields = [] } = metadata;
  const { id, incarnation } = status ?? {};
  const owners = managedFields
    .filter(({ subresource }) => subresource === undefined)
    .map((entry) => JSON.stringify({ ...entry, time: undefined }))
    .toSorted();
  return { labels, annotations, finalizers, spec, id, incarnation, owners };
}

describe('a restoration', () => {
  it('takes seven effects, and nothing is different afterwards', async () => {
    const before = essence(await denyDeletion());
    const whole = alive();
    await runUntil(isConcluded, whole);
    expect(essence(await read())).toEqual(before);
    expect(whole.effects).toBe(EFFECTS);
    expect(whole.events.map(({ reason }) => reason)).toContain('Restored');
  });

  it.each(deathsWithin(EFFECTS))('that dies at effect $at (done: $isDone) comes to the same end', async (death) => {
    const held = await denyDeletion();
    await runUntil(isConcluded, alive(death));
    await runUntil(isConcluded);
    const after = await read();
    expect(essence(after)).toEqual(essence(held));
    expect((await readRequest()).status?.restoration).toMatchObject({ state: 'Restored', uid: after.metadata.uid });
    expect(after.metadata.uid).not.toBe(held.metadata.uid);
  });
});

describe('a name that somebody else takes while the object is away', () => {
  const create = async (spec: object): Promise<void> => {
    const object = { apiVersion: API_VERSION, kind: 'Workspace', metadata: { name: 'writer' }, spec };
    await mustKubectl(['create', '-f', '-'], { namespace, input: JSON.stringify(object) });
  };
  const letGo = async (): Promise<Restorable> => {
    const held = await denyDeletion();
    for (let passes = 0; passes < MOST_PASSES && !(await isGone()); passes += 1) await pass(alive());
    expect(await isGone()).toBe(true);
    return held;
  };

  it('gets the identity, and stays its maker’s', async () => {
    const { metadata } = await letGo();
    await create({ displayName: 'Mine' });
    const made = await read();
    await runUntil(isConcluded);
    const after = await read();
    expect(after.metadata).toMatchObject({ uid: made.metadata.uid, generation: 1 });
    expect(after.spec).toEqual(made.spec);
    expect(after.status).toMatchObject({ id: metadata.uid, incarnation: metadata.uid });
    expect((await readRequest()).status?.restoration).toMatchObject({ state: 'Restored', uid: made.metadata.uid });
  });

  it('and who has an id of his own is left alone; the data is marked as kept and never erased', async () => {
    const { metadata } = await letGo();
    const uid = metadata.uid ?? '';
    const intent = { uid, incarnation: uid, name: 'writer', namespace, childName: childName('writer', uid) };
    // As much of an intent as a volume is made from.
    const volume = desiredVolume({ ...intent, storage: { size: '1Gi' } } as Parameters<typeof desiredVolume>[0]);
    await cluster.client.create(PERSISTENT_VOLUME_CLAIMS, volume, write);
    await create({ id: ANOTHER_ID });
    await runUntil(isConcluded);
    const request = await readRequest();
    expect(concluded(request)?.message).toContain(`its volume "${intent.childName}" is kept without end`);
    expect(request.status).not.toHaveProperty('restoration');
    expect((await read()).status).not.toHaveProperty('incarnation');
    const kept = await cluster.client.get(PERSISTENT_VOLUME_CLAIMS, key(intent.childName), { signal });
    expect(kept.metadata.labels).toMatchObject({ [LABELS.expires]: 'never' });
  });
});

describe('an object in a namespace that is going', () => {
  it('stays held, and the request says why in the words of the apiserver', async () => {
    const { metadata } = await denyDeletion();
    // The one whom the guard lets: that of a cluster in which it was open, or not yet installed, when somebody deleted it.
    const as = 'system:serviceaccount:kube-system:namespace-controller';
    await mustKubectl(['delete', 'namespace', namespace, '--wait=false'], { as, groups: ['system:masters'] });
    await waitFor(
      async () => (await mustKubectl(['get', 'namespace', namespace, '-o=jsonpath={.status.phase}'])) === 'Terminating',
      { what: 'the namespace to be going', timeoutMs: 20_000 },
    );
    await runUntil((request) => concluded(request)?.reason === 'CannotRestore');
    expect(concluded(await readRequest())?.message).toContain('because it is being terminated');
    const still = await read();
    expect(still.metadata).toMatchObject({ uid: metadata.uid, finalizers: [APPROVAL_FINALIZER] });
    expect(await ledger.readSnapshot(metadata.uid ?? '')).toBeUndefined();
  });
});

describe('an object whose Org is being deleted', () => {
  it('comes back all the same, where nobody else may create one', async () => {
    const create = (kind: string, name: string) => {
      const object = { apiVersion: API_VERSION, kind, metadata: { name }, spec: {} };
      return kubectl(['create', '-f', '-'], { namespace, input: JSON.stringify(object) });
    };
    await create('Org', 'org');
    const held = await denyDeletion();
    await mustKubectl(['delete', 'org', 'org', '--wait=false'], { namespace });
    const isRefused = async (): Promise<boolean> =>
      (await create('Workspace', 'another')).stderr.includes('being deleted');
    await waitFor(isRefused, { what: 'new Workspaces to be refused', timeoutMs: 20_000 });
    await runUntil(isConcluded);
    const { status } = await readRequest();
    expect(status?.restoration).toMatchObject({ state: 'Restored', incarnation: held.metadata.uid });
  });
});
