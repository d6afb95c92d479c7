import { randomBytes } from 'node:crypto';
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { OPERATOR_USER } from '../../../src/apis/v1alpha1/names.ts';
import { ORGS, PERSISTENT_VOLUME_CLAIMS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { mustKubectl } from '../../support/control-plane.ts';
import { type AgentPod, startOperator, type TestOperator } from './operator.ts';

type Claim = V1PersistentVolumeClaim & KubeObject;

const suffix = randomBytes(4).toString('hex');
const GROWING = `growing-${suffix}`;
const FIXED = `fixed-${suffix}`;
const { signal } = new AbortController();
let operator: TestOperator;

beforeAll(async () => {
  for (const [name, allowVolumeExpansion] of [
    [GROWING, true],
    [FIXED, false],
  ] as const) {
    await apply({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'example.test/none',
      allowVolumeExpansion,
    });
  }
  operator = await startOperator();
  await operator.create(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
});
afterAll(async () => {
  await operator.stop();
  await mustKubectl(['delete', 'storageclass', GROWING, FIXED]);
});

function apply(object: object): Promise<unknown> {
  return mustKubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(object) });
}

/** Makes a Workspace and says of its claim what a storage provider says. */
async function bind(name: string, className: string): Promise<AgentPod> {
  await operator.create(WORKSPACES, { spec: { storage: { size: '1Gi', className } } }, name);
  const pod = await operator.podOf(name);
  await setStatus(pod, { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } });
  await operator.runAgent(pod);
  await operator.until(name, { status: 'True', reason: 'WorkspaceReady' });
  return pod;
}

async function setStatus({ metadata: { name } }: AgentPod, status: object): Promise<void> {
  const key = { namespace: operator.namespace, name };
  await operator.client.patch(
    PERSISTENT_VOLUME_CLAIMS,
    key,
    { status },
    { subresource: 'status', fieldManager: 'test', signal },
  );
}

const requested = async ({ metadata }: AgentPod) =>
  (await operator.get<Claim>(PERSISTENT_VOLUME_CLAIMS, metadata.name)).spec?.resources?.requests?.storage;
const resize = (name: string, size: string) => operator.patch(WORKSPACES, name, { spec: { storage: { size } } });
const volumeReady = (name: string, reason: string) => operator.until(name, { type: 'VolumeReady', reason });

describe('the volume of an agent', () => {
  it('that nobody ever bound costs no write: one status says that the agent is ready', async () => {
    const seen: string[] = [];
    const { stores } = operator;
    const note = (
      kind: string,
      name: string,
      after: { readonly metadata: { readonly name: string } } | undefined,
    ): void => {
      if (after?.metadata.name.startsWith(name)) seen.push(kind);
    };
    stores.workspaces.onChange((_before, after) => note('Workspace', 'counted', after));
    stores.volumes.onChange((_before, after) => note('PersistentVolumeClaim', 'counted', after));
    await operator.create(WORKSPACES, {}, 'counted');
    await operator.runAgent(await operator.podOf('counted'));
    await operator.until('counted', { status: 'True' });
    await operator.patch(WORKSPACES, 'counted', { metadata: { annotations: { 'example.com/look': 'again' } } });
    await waitFor(async () => seen.length >= 4, { what: 'the change of the annotation', timeoutMs: 20_000 });
    // Made, its one status, and the annotation of the test.
    expect(seen.toSorted()).toEqual(['PersistentVolumeClaim', 'Workspace', 'Workspace', 'Workspace']);
  });

  it('grows while the agent runs, and is ready when it has grown', async () => {
    const pod = await bind('grows', GROWING);
    await resize('grows', '2Gi');
    await waitFor(async () => (await requested(pod)) === '2Gi', { what: 'the larger request', timeoutMs: 20_000 });
    const { condition } = await volumeReady('grows', 'Resizing');
    expect(condition).toMatchObject({ status: 'False', message: 'The volume is being made larger, from 1Gi to 2Gi' });
    await setStatus(pod, { capacity: { storage: '2Gi' } });
    await operator.until('grows', { status: 'True', reason: 'WorkspaceReady' });
    expect((await operator.podOf('grows')).metadata.uid).toBe(pod.metadata.uid);
  });

  it('that may not grow says so in the words of the apiserver, keeps its agent, and is not asked for again and again', async () => {
    const pod = await bind('fixed', FIXED);
    await resize('fixed', '2Gi');
    const { condition, workspace } = await volumeReady('fixed', 'ResizeRefused');
    expect(condition.message).toContain('only dynamically provisioned pvc can be resized');
    expect(workspace.status).toMatchObject({ phase: 'Degraded', endpoint: 'http://10.99.0.1:8000' });
    expect((await operator.podOf('fixed')).metadata.uid).toBe(pod.metadata.uid);
    expect(await requested(pod)).toBe('1Gi');
    await resize('fixed', '1Gi');
    await operator.until('fixed', { status: 'True', reason: 'WorkspaceReady' });
  });

  it('that would have to shrink keeps its size and stays ready', async () => {
    const pod = await bind('shrinks', GROWING);
    await resize('shrinks', '500Mi');
    const { condition } = await volumeReady('shrinks', 'VolumeLarger');
    expect(condition).toMatchObject({ status: 'True', message: expect.stringContaining('cannot shrink to the 500Mi') });
    expect(await requested(pod)).toBe('1Gi');
    await operator.until('shrinks', { status: 'True' });
  });

  it('that somebody deletes is held, and that is told', async () => {
    const pod = await bind('deleted', GROWING);
    // Nobody else may where the guard is in force.
    const asOperator = { namespace: operator.namespace, as: OPERATOR_USER, groups: ['system:masters'] };
    await mustKubectl(['delete', 'pvc', pod.metadata.name, '--wait=false'], asOperator);
    const { condition } = await volumeReady('deleted', 'VolumeDeleting');
    expect(condition.status).toBe('False');
    expect((await operator.get<Claim>(PERSISTENT_VOLUME_CLAIMS, pod.metadata.name)).metadata.uid).toBeDefined();
    expect((await operator.podOf('deleted')).metadata.uid).toBe(pod.metadata.uid);
  });

  it('whose PersistentVolume is gone is lost, and that is told', async () => {
    const pod = await bind('lost', GROWING);
    await setStatus(pod, { phase: 'Lost' });
    await volumeReady('lost', 'VolumeLost');
  });

  it('that waits for somebody to provide it says for whom', async () => {
    await operator.create(WORKSPACES, { spec: { storage: { className: GROWING } } }, 'waits');
    const { condition } = await volumeReady('waits', 'VolumePending');
    expect(condition).toMatchObject({ status: 'Unknown', message: expect.stringContaining(`"${GROWING}"`) });
  });
});
