import type { KubeObject, ObjectKey, Resource } from '../../../src/kube/objects.ts';
import { collectionPath, objectPath } from '../../../src/kube/paths.ts';
import type { ApiRequest } from '../../memory-api/rest.ts';

/** Requests of everybody but the operator. */
const MANAGER = { fieldManager: 'somebody' };

export function create(resource: Resource, object: KubeObject): ApiRequest {
  const path = collectionPath(resource, object.metadata.namespace, MANAGER);
  return { method: 'POST', path, contentType: 'application/json', body: JSON.stringify(object) };
}

export function mergePatch(resource: Resource, key: ObjectKey, patch: object, subresource?: string): ApiRequest {
  const path = objectPath(resource, key, { subresource, query: MANAGER });
  return { method: 'PATCH', path, contentType: 'application/merge-patch+json', body: JSON.stringify(patch) };
}

export function remove(resource: Resource, key: ObjectKey, options: object = {}): ApiRequest {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', ...options });
  return { method: 'DELETE', path: objectPath(resource, key), contentType: 'application/json', body };
}

/** What the scheduler says. */
export function bind(pods: Resource, { namespace, name }: ObjectKey, node: string): ApiRequest {
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace },
    target: { kind: 'Node', name: node },
  };
  const path = objectPath(pods, { namespace, name }, { subresource: 'binding', query: MANAGER });
  return { method: 'POST', path, contentType: 'application/json', body: JSON.stringify(binding) };
}
