import type { KubeClient, ListOptions, ListPage } from '../kube/client.ts';
import type { KubeObject, Resource } from '../kube/objects.ts';

const PAGE_SIZE = 500;

/** Everything of one kind, page by page. */
export async function listAll<T extends KubeObject>(
  client: Pick<KubeClient, 'list'>,
  resource: Resource,
  options: Omit<ListOptions, 'limit' | 'continue'>,
): Promise<readonly T[]> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const page: ListPage<T> = await client.list<T>(resource, {
      ...options,
      limit: PAGE_SIZE,
      ...(next === undefined ? {} : { continue: next }),
    });
    items.push(...page.items);
    next = page.continue;
  } while (next !== undefined && next !== '');
  return items;
}
