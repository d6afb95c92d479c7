import type { KubeObject } from '../../src/kube/objects.ts';
import type { Owners } from './ownership.ts';
import { isJsonObject, type Json } from './rest.ts';

/**
 * Ownership as the API shows it and takes it back, for everything but status. Times are left out, and lists are one field: for
 * what reads only who is there, and carries the fields along.
 */
export function withManagedFields(object: KubeObject, owners: Owners): KubeObject {
  const { managedFields: _before, ...metadata }: KubeObject['metadata'] & { readonly managedFields?: Json } =
    object.metadata;
  if (owners.size === 0) return { ...object, metadata };
  const { apiVersion } = object;
  const managedFields = [...owners].toSorted(byName).map(([name, paths]) => {
    const [manager = '', operation = ''] = name.split('/');
    return { manager, operation, apiVersion, fieldsType: 'FieldsV1', fieldsV1: treeOf(paths) };
  });
  const told: KubeObject['metadata'] & { readonly managedFields: Json } = { ...metadata, managedFields };
  return { ...object, metadata: told };
}

/** What somebody wrote into metadata.managedFields. */
export function ownersOf(managedFields: Json | undefined): Owners {
  const entries = Array.isArray(managedFields) ? managedFields.filter(isJsonObject) : [];
  return new Map(
    entries
      .filter(({ subresource }) => subresource === undefined)
      .map(({ manager, operation, fieldsV1 }) => [`${manager}/${operation}`, new Set(pathsOf(fieldsV1 ?? {}))]),
  );
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

interface Tree {
  [field: string]: Tree;
}

function treeOf(paths: ReadonlySet<string>): Tree {
  const tree: Tree = {};
  for (const path of [...paths].toSorted()) {
    let below = tree;
    for (const name of JSON.parse(path) as readonly string[]) {
      below[`f:${name}`] ??= {};
      below = below[`f:${name}`] as Tree;
    }
  }
  return tree;
}

function pathsOf(tree: Json, above: readonly string[] = []): readonly string[] {
  if (!isJsonObject(tree) || Object.keys(tree).length === 0) return above.length === 0 ? [] : [JSON.stringify(above)];
  return Object.entries(tree).flatMap(([field, below]) => pathsOf(below, [...above, field.replace(/^f:/, '')]));
}
