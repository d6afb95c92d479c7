import { describe, expect, it } from 'vitest';
import { createNamespace, kubectl, mustKubectl, serviceAccountKubeconfig } from '../../support/control-plane.ts';

describe('the shared control plane', () => {
  it('collects what belongs to a deleted owner', async () => {
    const namespace = await createNamespace();
    await mustKubectl(['create', 'configmap', 'owner'], { namespace });
    const uid = await mustKubectl(['get', 'configmap', 'owner', '-o', 'jsonpath={.metadata.uid}'], { namespace });
    const metadata = { name: 'owned', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }] };
    const owned = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    await mustKubectl(['create', '-f', '-'], { namespace, input: owned });
    await mustKubectl(['delete', 'configmap', 'owner'], { namespace });
    await mustKubectl(['wait', '--for=delete', 'configmap/owned', '--timeout=30s'], { namespace });
  });

  it('refuses a user who was given no rights', async () => {
    const namespace = await createNamespace();
    const answer = await kubectl(['get', 'pods'], { namespace, as: 'jane', groups: ['dev'] });
    expect(answer).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('User "jane" cannot list resource "pods"'),
    });
  });

  it('knows the bearer of a ServiceAccount token by its name', async () => {
    const namespace = await createNamespace();
    const kubeconfig = await serviceAccountKubeconfig({ namespace, name: 'operator' });
    const answer = await mustKubectl([
      '--kubeconfig',
      kubeconfig,
      'auth',
      'whoami',
      '-o',
      'jsonpath={.status.userInfo.username}',
    ]);
    expect(answer).toBe(`system:serviceaccount:${namespace}:operator`);
  });
});
