import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ANNOTATIONS, LABELS, VOLUME_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import { APPROVAL_REQUESTS, ORGS, PERSISTENT_VOLUME_CLAIMS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { kubectl, mustKubectl } from '../../support/control-plane.ts';
import { type AgentPod, startOperator, type TestOperator } from './operator.ts';

interface SeenEvent extends KubeObject {
  readonly reason: string;
  readonly note?: string;
  readonly regarding?: { readonly uid?: string };
}

const EVENTS = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const TIMEOUT_MS = 30_000;
const { signal } = new AbortController();
let operator: TestOperator;

beforeAll(async () => {
  operator = await startOperator();
  await operator.create<Org>(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
});
afterAll(() => operator.stop());

const until = <T>(what: string, read: () => Promise<T | false | undefined>): Promise<T> =>
  waitFor(read, { what, timeoutMs: TIMEOUT_MS });

async function find<T extends KubeObject>(read: Promise<T>): Promise<T | undefined> {
  return read.catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    return undefined;
  });
}

const claimOf = (pod: AgentPod) => find(operator.get(PERSISTENT_VOLUME_CLAIMS, pod.metadata.name));
const retain = (volumes: string) => operator.patch(ORGS, 'org', { spec: { retention: { volumes } } });

async function start(name: string, spec: object = {}): Promise<AgentPod> {
  await operator.create(WORKSPACES, { spec }, name);
  const pod = await operator.podOf(name);
  await operator.runAgent(pod);
  await operator.until(name, { status: 'True', reason: 'WorkspaceReady' });
  return pod;
}

/** Somebody deletes it, and a human approves. */
async function destroy(name: string): Promise<void> {
  const { namespace, client } = operator;
  await mustKubectl(['delete', 'workspace', name, '--wait=false'], { namespace });
  const request = await until(`a request for the deletion of ${name}`, async () => {
    const { items } = await client.list<ApprovalRequest>(APPROVAL_REQUESTS, { namespace, signal });
    return items.find(({ spec, status }) => spec.target.name === name && status?.phase === 'Pending');
  });
  const decision = { verdict: 'Approved', hash: request.spec.hash, by: 'alice' };
  const patch = JSON.stringify({ spec: { decision } });
  await mustKubectl(['patch', 'approvalrequest', request.metadata.name, '--type=merge', '-p', patch], {
    namespace,
    as: 'alice',
    groups: ['system:masters'],
  });
  await until(`${name} to be gone`, async () => (await find(operator.get(WORKSPACES, name))) === undefined);
}

const askBack = (pod: AgentPod) =>
  operator.patch(PERSISTENT_VOLUME_CLAIMS, pod.metadata.name, {
    metadata: { annotations: { [ANNOTATIONS.restore]: 'please' } },
  });

async function event(reason: string, uid: string | undefined): Promise<SeenEvent> {
  const { namespace, client } = operator;
  return until(`the Event ${reason}`, async () => {
    const { items } = await client.list<SeenEvent>(EVENTS, { namespace, signal });
    return items.find((seen) => seen.reason === reason && seen.regarding?.uid === uid);
  });
}

describe('the volume of a deleted Workspace', () => {
  it('is kept, and a new Workspace of that name does not get it', async () => {
    const pod = await start('kept');
    await destroy('kept');
    expect((await claimOf(pod))?.metadata).toMatchObject({
      labels: { [LABELS.expires]: expect.stringMatching(/^\d{8}T\d{6}Z$/) },
      finalizers: expect.arrayContaining([VOLUME_FINALIZER]),
    });
    const next = await start('kept');
    expect(next.metadata.name).not.toBe(pod.metadata.name);
    expect((await claimOf(pod))?.metadata.labels).toHaveProperty([LABELS.expires]);
  });

  it('comes back with its Workspace when it is asked back: same id, same data, ready', async () => {
    const pod = await start('back', { displayName: 'Back', storage: { size: '1Gi' } });
    const before = await operator.get<Workspace>(WORKSPACES, 'back');
    const claim = await claimOf(pod);
    await destroy('back');
    await askBack(pod);
    const again = await operator.podOf('back', pod.metadata);
    expect(again.metadata.name).toBe(pod.metadata.name);
    await operator.runAgent(again);
    const { workspace } = await operator.until('back', { status: 'True', reason: 'WorkspaceReady' });
    expect(workspace.metadata.uid).not.toBe(before.metadata.uid);
    expect(workspace.spec).toEqual(before.spec);
    expect(workspace.status).toMatchObject({ id: before.status?.id, incarnation: before.status?.incarnation });
    await event('Restored', workspace.metadata.uid);
    const after = await until('the volume to be marked no more', async () => {
      const found = await claimOf(pod);
      return found?.metadata.labels?.[LABELS.expires] === undefined && found;
    });
    expect(after.metadata.uid).toBe(claim?.metadata.uid);
    expect(after.metadata.annotations).toMatchObject({ [ANNOTATIONS.workspaceUID]: workspace.metadata.uid });
    expect(after.metadata.annotations).not.toHaveProperty([ANNOTATIONS.restore]);
  });

  it('comes back though its parent is gone, and says so', async () => {
    await start('parent');
    const pod = await start('child', { parentRef: { name: 'parent' } });
    await destroy('child');
    await destroy('parent');
    await askBack(pod);
    await until('the child to be back', () => find(operator.get(WORKSPACES, 'child')));
    const { condition } = await operator.until('child', { type: 'Placed', reason: 'ParentNotFound' });
    expect(condition.status).toBe('False');
  });

  it('is not given to a live Workspace of that name, and that is told', async () => {
    const pod = await start('taken');
    await destroy('taken');
    const next = await start('taken');
    await askBack(pod);
    const { note } = await event('RestoreRefused', (await claimOf(pod))?.metadata.uid);
    expect(note).toContain('Another Workspace "taken" exists');
    const claim = await until('the annotation to be off', async () => {
      const found = await claimOf(pod);
      return found?.metadata.annotations?.[ANNOTATIONS.restore] === undefined && found;
    });
    expect(claim.metadata.labels).toHaveProperty([LABELS.expires]);
    expect((await operator.podOf('taken')).metadata.uid).toBe(next.metadata.uid);
  });

  it('is not what another claim says of itself, however alike that is made', async () => {
    const pod = await start('forged');
    await destroy('forged');
    const { metadata, spec } = (await claimOf(pod)) as KubeObject & { readonly spec: object };
    const copy = await operator.client.create<KubeObject & { readonly spec: object }>(
      PERSISTENT_VOLUME_CLAIMS,
      {
        apiVersion: 'v1',
        kind: PERSISTENT_VOLUME_CLAIMS.kind,
        metadata: {
          name: 'copy',
          namespace: operator.namespace,
          labels: metadata.labels ?? {},
          annotations: { ...metadata.annotations, [ANNOTATIONS.restore]: 'please' },
        },
        spec,
      },
      { fieldManager: 'test', signal },
    );
    const { note } = await event('RestoreRefused', copy.metadata.uid);
    expect(note).toContain('The ledger knows of no Workspace of this namespace whose volume it is');
    expect(await find(operator.get(WORKSPACES, 'forged'))).toBeUndefined();
  });

  it('cannot be asked back without the right to, and is not deleted by anybody', async () => {
    const pod = await start('guarded');
    await destroy('guarded');
    const { namespace } = operator;
    const verbs = '--verb=get,patch,delete';
    await mustKubectl(['create', 'role', 'claims', verbs, '--resource=persistentvolumeclaims'], { namespace });
    await mustKubectl(['create', 'rolebinding', 'claims', '--role=claims', '--user=eve'], { namespace });
    const { name } = pod.metadata;
    const asked = await kubectl(['annotate', 'pvc', name, `${ANNOTATIONS.restore}=please`], { namespace, as: 'eve' });
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('verb restore') });
    const removed = await kubectl(['delete', 'pvc', name, '--wait=false'], { namespace, as: 'eve' });
    expect(removed).toMatchObject({ code: 1, stderr: expect.stringContaining('Cannot delete') });
  });

  it('is erased when its time is over, under the approval of the deletion', async () => {
    await retain('0s');
    const pod = await start('erased');
    const claim = await claimOf(pod);
    await destroy('erased');
    await until('the volume to be gone', async () => (await claimOf(pod)) === undefined);
    await event('VolumeErased', claim?.metadata.uid);
    await retain('168h');
  });
});
