import { ANNOTATIONS, LABELS, MANAGED_BY, VOLUME_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { create, OPERATOR, OTHER_UUID, UUID } from './requests.ts';

/** A PersistentVolumeClaim as the operator makes it for a Workspace. */
export async function createVolume(
  namespace: string,
  name: string,
  { metadata = {}, spec = {} }: { readonly metadata?: object; readonly spec?: object } = {},
): Promise<KubeObject> {
  return create<KubeObject>(
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      name,
      metadata: {
        labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.workspace]: 'writer', [LABELS.incarnation]: UUID },
        annotations: { [ANNOTATIONS.workspaceUID]: OTHER_UUID, [ANNOTATIONS.incarnation]: UUID },
        finalizers: [VOLUME_FINALIZER],
        ...metadata,
      },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    },
    { namespace, ...OPERATOR },
  );
}

/** The agent's Pod as the operator makes it: controlled by its own volume. */
export async function createAgent(namespace: string, claim: KubeObject, spec: object = {}): Promise<KubeObject> {
  const { name, uid } = claim.metadata;
  const owner = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, uid, controller: true };
  return create<KubeObject>(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      name,
      metadata: { ownerReferences: [owner] },
      spec: {
        containers: [{ name: 'agent', image: 'example.invalid/agent:1' }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
        ...spec,
      },
    },
    { namespace, ...OPERATOR },
  );
}
