import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import { collectionPath } from '../../../src/kube/paths.ts';
import type { MemoryApi } from '../../memory-api/memory-api.ts';
import { isWatch } from '../../memory-api/rest.ts';

/** Shows every object of a kind as it is and as it changes, straight from the API. */
export function follow<T extends KubeObject>(api: MemoryApi, resource: Resource, see: (object: T) => void): Disposable {
  const query = { watch: true, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };
  const watch = api.handle({ method: 'GET', path: collectionPath(resource, undefined, query) });
  if (!isWatch(watch)) throw new Error(`Cannot follow ${resource.plural}: ${watch.text}`);
  void read(watch.lines, see);
  return { [Symbol.dispose]: () => watch.close() };
}

async function read<T>(lines: AsyncIterable<string>, see: (object: T) => void): Promise<void> {
  for await (const line of lines) {
    const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: T };
    if (type === 'ADDED' || type === 'MODIFIED') see(object);
  }
}
