import type { Resource } from '../../src/kube/objects.ts';
import { notServed } from './refusal.ts';
import type { ApiRequest } from './rest.ts';

/** One request as its path and query spell it. */
export interface Target {
  readonly resource: Resource;
  /** '' for all namespaces, and for kinds that have none. */
  readonly namespace: string;
  /** '' for the collection. */
  readonly name: string;
  readonly subresource: string;
  readonly query: URLSearchParams;
}

/** What a path names. Refuses kinds that are not served. */
export function readTarget(request: ApiRequest, served: Iterable<Resource>): Target {
  const { pathname, searchParams } = new URL(request.path, 'http://memory');
  const [root, ...rest] = pathname.split('/').slice(1).map(decodeURIComponent);
  const [group = '', version = '', ...path] = root === 'api' ? ['', ...rest] : rest;
  const isScoped = path[0] === 'namespaces' && path.length > 2;
  const [namespace, plural, name = '', subresource = ''] = isScoped ? path.slice(1) : ['', ...path];
  for (const resource of served) {
    if (resource.group !== group || resource.version !== version || resource.plural !== plural) continue;
    return { resource, namespace: namespace ?? '', name, subresource, query: searchParams };
  }
  throw notServed();
}
