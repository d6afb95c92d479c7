import { setTimeout as sleep } from 'node:timers/promises';
import { isExpired, isRetryable } from '../../kube/errors.ts';
import type { KubeObject, ObjectKey, Resource } from '../../kube/objects.ts';
import type { ClusterClient } from '../connect.ts';

const PAUSE_MS = 500;

/**
 * The object in every state that the apiserver tells of, beginning with the present one; undefined when it is gone, and that
 * ends it. Watches that end or break are taken up again; a state that came and went meanwhile is not seen.
 */
export async function* watchObject<T extends KubeObject>(
  client: ClusterClient,
  { resource, key, signal }: { readonly resource: Resource; readonly key: ObjectKey; readonly signal: AbortSignal },
): AsyncGenerator<T | undefined> {
  const select = { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}`, signal };
  for (;;) {
    const { items, resourceVersion } = await client.list<T>(resource, select);
    yield items[0];
    if (items[0] === undefined) return;
    try {
      for await (const event of client.watch<T>(resource, { ...select, resourceVersion })) {
        if (event.type === 'BOOKMARK') continue;
        yield event.type === 'DELETED' ? undefined : event.object;
        if (event.type === 'DELETED') return;
      }
    } catch (error) {
      if (signal.aborted || !(isExpired(error) || isRetryable(error))) throw error;
    }
    await sleep(PAUSE_MS, undefined, { signal });
  }
}
