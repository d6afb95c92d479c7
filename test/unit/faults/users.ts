import { API_VERSION, ORG_NAME } from '../../../src/apis/v1alpha1/names.ts';
import { NAMESPACES, ORGS, PODS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { KubeObject, ObjectKey, Resource } from '../../../src/kube/objects.ts';
import { collectionPath, objectPath } from '../../../src/kube/paths.ts';
import type { MemoryApi } from '../../memory-api/memory-api.ts';
import { isWatch } from '../../memory-api/rest.ts';

/** What people and other controllers do, straight at the API: no fault stands between them and it. */
export class Users {
  /** Uids of what went by force, past its finalizer: its Pod goes later, as an orphan. */
  readonly abandoned = new Set<string>();
  readonly #api: MemoryApi;

  constructor(api: MemoryApi) {
    this.#api = api;
  }

  createOrg(namespace: string, image: string): void {
    this.create(NAMESPACES, { namespace: '', name: namespace }, {});
    this.create(ORGS, { namespace, name: ORG_NAME }, { spec: { displayName: namespace, defaults: { image } } });
  }

  createWorkspace(key: ObjectKey, spec: object = {}): void {
    this.create(WORKSPACES, key, { spec: { kind: 'workspace', ...spec } });
  }

  create(resource: Resource, { namespace, name }: ObjectKey, body: object): void {
    const apiVersion = resource.group === '' ? resource.version : API_VERSION;
    const object = {
      apiVersion,
      kind: resource.kind,
      metadata: { name, ...(namespace === '' ? {} : { namespace }) },
      ...body,
    };
    this.#send('POST', collectionPath(resource, namespace), { contentType: 'application/json', body: object });
  }

  patch(resource: Resource, key: ObjectKey, body: object, subresource?: string): void {
    const contentType = 'application/merge-patch+json';
    this.#send('PATCH', objectPath(resource, key, { subresource }), { contentType, body });
  }

  delete(resource: Resource, key: ObjectKey): void {
    const body = resource === PODS ? { gracePeriodSeconds: 0 } : {};
    this.#send('DELETE', objectPath(resource, key), { contentType: 'application/json', body });
  }

  /** What an admin does by force: gone past every finalizer, and at once there again under its name. */
  recreate(resource: Resource, key: ObjectKey): void {
    const object: (KubeObject & { readonly spec?: object }) | undefined = this.#api.object(resource, key);
    if (object === undefined) return;
    this.abandoned.add(object.metadata.uid ?? '');
    this.patch(resource, key, { metadata: { finalizers: null } });
    this.delete(resource, key);
    this.create(resource, key, { spec: object.spec ?? {} });
  }

  /** Somebody may have been faster: a refusal is as good as done. */
  #send(method: string, path: string, { contentType, body }: { contentType: string; body: object }): void {
    const answer = this.#api.handle({ method, path, contentType, body: JSON.stringify(body) });
    const isAccepted = !isWatch(answer) && (answer.code < 300 || answer.code === (method === 'POST' ? 409 : 404));
    if (!isAccepted) {
      throw new Error(`Cannot ${method} ${path}: ${isWatch(answer) ? 'it is a watch' : answer.text}`);
    }
  }
}
