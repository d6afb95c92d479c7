import type { ObjectKey, Resource } from './objects.ts';

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Path of a collection; without a namespace that of all namespaces. */
export function collectionPath(resource: Resource, namespace: string | undefined, query: Query = {}): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = namespace === undefined || namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${resource.plural}${queryString(query)}`;
}

export function objectPath(
  resource: Resource,
  key: ObjectKey,
  options: { readonly subresource?: string | undefined; readonly query?: Query } = {},
): string {
  const suffix = options.subresource === undefined ? '' : `/${options.subresource}`;
  return `${collectionPath(resource, key.namespace)}/${encodeURIComponent(key.name)}${suffix}${queryString(options.query ?? {})}`;
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
