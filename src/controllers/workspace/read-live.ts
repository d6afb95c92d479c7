import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { KubeObject, ObjectKey, Resource } from '../../kube/objects.ts';

/** One GET, observed as a store would; undefined when there is no such object. */
export async function readLive<T>(
  client: Pick<KubeClient, 'get'>,
  { resource, observe }: { readonly resource: Resource; readonly observe: (object: KubeObject) => T },
  { key, signal }: { readonly key: ObjectKey; readonly signal: AbortSignal },
): Promise<T | undefined> {
  try {
    return observe(await client.get(resource, key, { signal }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
