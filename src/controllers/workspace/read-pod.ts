import { PODS } from '../../apis/v1alpha1/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { ObjectKey } from '../../kube/objects.ts';
import { observePod } from './observe.ts';
import type { ObservedPod } from './observed.ts';

/** One GET; undefined when there is no such Pod. */
export async function readPod(
  client: KubeClient,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<ObservedPod | undefined> {
  try {
    return observePod(await client.get(PODS, key, { signal }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
