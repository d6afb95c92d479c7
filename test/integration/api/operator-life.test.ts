import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ANNOTATIONS,
  API_VERSION,
  APPROVAL_FINALIZER,
  LABELS,
  OPERATOR_NAMESPACE,
  OPERATOR_SERVICE_ACCOUNT,
  VOLUME_FINALIZER,
} from '../../../src/apis/v1alpha1/names.ts';
import {
  APPROVAL_REQUESTS,
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  TEMPLATE_ASSETS,
  WORKSPACES,
} from '../../../src/apis/v1alpha1/resources.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import { openKubeClient } from '../../../src/kube/open-client.ts';
import { createNamespace, mustKubectl, serviceAccountKubeconfig } from '../../support/control-plane.ts';
import { createVolume } from './claims.ts';
import {
  APPROVAL_SPEC,
  bindRoles,
  create,
  DRAFT_SPEC,
  SHA256,
  TEMPLATE_ASSET_SPEC,
  tryToPatch,
  UUID,
} from './requests.ts';

/** With the token of its ServiceAccount: what the policies and its role let it do, it can do. */
let client: ReturnType<typeof openKubeClient>['client'];
let namespace: string;

const write = { fieldManager: 'test', signal: new AbortController().signal };

beforeAll(async () => {
  const account = { namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT };
  ({ client } = openKubeClient({ kubeconfig: await serviceAccountKubeconfig(account), userAgent: 'test' }));
  namespace = await createNamespace('operator-life');
  await create({ kind: 'Org', name: 'org', spec: { approvals: { mode: 'Refuse' } } }, { namespace });
  await bindRoles('john', ['molecule-approver'], namespace);
});
afterAll(() => client?.close());

function make(resource: Resource, name: string, spec: object, where = namespace): Promise<KubeObject> {
  const metadata = { name, namespace: where, finalizers: [APPROVAL_FINALIZER] };
  const object: KubeObject & { readonly spec: object } = {
    apiVersion: API_VERSION,
    kind: resource.kind,
    metadata,
    spec,
  };
  return client.create<KubeObject>(resource, object, write);
}

const patch = (
  resource: Resource,
  name: string,
  body: Readonly<Record<string, unknown>>,
  options: Partial<Parameters<KubeClient['patch']>[3]> = {},
): Promise<KubeObject> => client.patch<KubeObject>(resource, { namespace, name }, body, { ...write, ...options });

const isThere = async (resource: Resource, name: string): Promise<boolean> =>
  (await mustKubectl(['get', resource.plural, name, '--ignore-not-found', '-o', 'name'], { namespace })) !== '';

describe('the operator', () => {
  it.each([
    [WORKSPACES, 'platform-agent', { kind: 'platform' }],
    [WORKSPACES, 'writer', {}],
    [TEMPLATE_ASSETS, 'default', TEMPLATE_ASSET_SPEC],
  ] as const)('makes, describes, grants and lets go: %o %s', async (resource, name, spec) => {
    await make(resource, name, spec);
    const deletionGrant = { request: 'asked', hash: SHA256, expiresAt: '2027-12-01T00:00:00Z' };
    await patch(resource, name, { status: { deletionGrant } }, { subresource: 'status' });
    // In the name of a human, whom the grant lets in although the Org refuses deletions.
    await mustKubectl(['delete', resource.plural, name, '--wait=false'], { namespace });
    const { metadata } = await patch(resource, name, { metadata: { labels: { touched: 'yes' } } });
    expect(metadata.finalizers).toEqual([APPROVAL_FINALIZER]);
    await patch(resource, name, { metadata: { finalizers: [] } });
    expect(await isThere(resource, name)).toBe(false);
  });

  it('deletes Workspaces where deletions are refused', async () => {
    const { metadata } = await make(WORKSPACES, 'member', {});
    await client.delete(WORKSPACES, { namespace, name: 'member' }, { ...write, uid: metadata.uid ?? '' });
    await patch(WORKSPACES, 'member', { metadata: { finalizers: [] } });
    expect(await isThere(WORKSPACES, 'member')).toBe(false);
  });

  it('makes an Org anew', async () => {
    const empty = await createNamespace('operator-life');
    await make(ORGS, 'org', {}, empty);
    const org = await patch(ORGS, 'org', { status: { orgID: UUID } }, { subresource: 'status' });
    expect(org).toMatchObject({ status: { orgID: UUID } });
  });

  it('opens a request, sees it decided, and clears it away', async () => {
    const object = { apiVersion: API_VERSION, kind: 'ApprovalRequest', metadata: { name: 'apr-opened', namespace } };
    const opened: KubeObject & { readonly spec: object } = { ...object, spec: APPROVAL_SPEC };
    expect(await client.create<KubeObject>(APPROVAL_REQUESTS, opened, write)).toMatchObject({
      spec: { requestedBy: 'jane' },
    });
    await patch(APPROVAL_REQUESTS, 'apr-opened', { status: { phase: 'Pending' } }, { subresource: 'status' });
    const decision = { verdict: 'Approved', hash: SHA256 };
    const options = { namespace, as: 'john', isReal: true };
    expect(await tryToPatch('apr/apr-opened', { spec: { decision } }, options)).toBe('accepted');
    const { metadata } = await patch(APPROVAL_REQUESTS, 'apr-opened', { metadata: { labels: { seen: 'yes' } } });
    expect(metadata.labels).toEqual({ seen: 'yes' });
    await patch(APPROVAL_REQUESTS, 'apr-opened', { status: { phase: 'Consumed' } }, { subresource: 'status' });
    await client.delete(APPROVAL_REQUESTS, { namespace, name: 'apr-opened' }, write);
    expect(await isThere(APPROVAL_REQUESTS, 'apr-opened')).toBe(false);
  });

  it('completes what somebody else asks for', async () => {
    await create({ kind: 'ApprovalRequest', name: 'asked', spec: DRAFT_SPEC }, { namespace });
    const { record, hash, expiresAt } = APPROVAL_SPEC;
    await patch(APPROVAL_REQUESTS, 'asked', { spec: { record, hash, expiresAt } });
    const path = ['get', 'apr', 'asked', '-o', 'jsonpath={.spec.hash}'];
    expect(await mustKubectl(path, { namespace })).toBe(hash);
  });

  it('keeps a volume, brings it back, and erases it', async () => {
    await createVolume(namespace, 'data');
    const claims = PERSISTENT_VOLUME_CLAIMS;
    const labels = { [LABELS.expires]: '20261128T100000Z' };
    await patch(claims, 'data', { metadata: { labels, annotations: { [ANNOTATIONS.operation]: 'op' } } });
    const ask = { metadata: { annotations: { [ANNOTATIONS.restore]: 'now' } } };
    expect(await tryToPatch('pvc/data', ask, { namespace, isReal: true })).toBe('accepted');
    const annotations = { [ANNOTATIONS.operation]: null, [ANNOTATIONS.restore]: null };
    const back = await patch(claims, 'data', { metadata: { labels: { [LABELS.expires]: null }, annotations } });
    expect(back.metadata.labels).not.toHaveProperty(LABELS.expires);
    const others = back.metadata.finalizers?.filter((finalizer) => finalizer !== VOLUME_FINALIZER);
    await patch(claims, 'data', { metadata: { finalizers: others } });
    await client.delete(claims, { namespace, name: 'data' }, write);
    // Kubernetes holds it too, until its own controller has seen that no Pod uses it.
    await expect.poll(() => isThere(claims, 'data'), { timeout: 10_000 }).toBe(false);
  });
});
