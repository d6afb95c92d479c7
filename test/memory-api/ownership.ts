import { isJsonObject, isSameJson, type Json, type JsonObject } from './rest.ts';

/**
 * Which manager set which field, as server-side apply keeps it in managedFields. Maps are granular and lists atomic, as
 * they are without a list type in the schema. A manager is known apart by how it wrote: `name/Apply` and `name/Update`.
 */
export type Owners = ReadonlyMap<string, ReadonlySet<string>>;

/** Metadata that managers own; everything else in it is the server's. */
const OWNED_METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

/** Every leaf that a manager can own, with its value. */
function leavesOf(object: JsonObject): ReadonlyMap<string, Json> {
  const leaves = new Map<string, Json>();
  const visit = (value: Json, path: readonly string[]): void => {
    if (isJsonObject(value) && Object.keys(value).length > 0)
      for (const [name, member] of Object.entries(value)) visit(member, [...path, name]);
    else leaves.set(JSON.stringify(path), value);
  };
  for (const [name, member] of Object.entries(object)) {
    if (name === 'metadata' && isJsonObject(member)) {
      for (const owned of OWNED_METADATA) if (member[owned] !== undefined) visit(member[owned], [name, owned]);
    } else if (name !== 'apiVersion' && name !== 'kind' && name !== 'status') visit(member, [name]);
  }
  return leaves;
}

/** Who changes a field owns it alone; who removes it leaves it nobody's. */
export function ownAfterUpdate(
  owners: Owners,
  change: { readonly before: JsonObject; readonly after: JsonObject; readonly manager: string },
): Owners {
  const before = leavesOf(change.before);
  const after = leavesOf(change.after);
  const changed = [...after]
    .filter(([path, value]) => !isSameJson(before.get(path) ?? undefined, value))
    .map(([path]) => path);
  const kept = without(owners, (path) => !after.has(path) || changed.includes(path));
  return add(kept, `${change.manager}/Update`, changed);
}

/** A forced apply: the intent as a whole replaces what this manager applied before. */
export function apply(
  live: JsonObject,
  { intent, manager, owners }: { readonly intent: JsonObject; readonly manager: string; readonly owners: Owners },
): { readonly object: JsonObject; readonly owners: Owners } {
  const self = `${manager}/Apply`;
  const before = leavesOf(live);
  const wanted = leavesOf(intent);
  const others = [...owners].filter(([name]) => name !== self).flatMap(([, paths]) => [...paths]);
  const dropped = [...(owners.get(self) ?? [])].filter((path) => !wanted.has(path) && !others.includes(path));
  const taken = [...wanted].filter(([path, value]) => before.has(path) && !isSameJson(before.get(path), value));
  const overruled = new Set(taken.map(([path]) => path));
  const remaining = without(new Map([...owners].filter(([name]) => name !== self)), (path) => overruled.has(path));
  const merged = dropped.reduce((object, path) => remove(object, JSON.parse(path) as string[]), overlay(live, intent));
  return { object: merged, owners: add(remaining, self, [...wanted.keys()]) };
}

export function isSameOwnership(a: Owners, b: Owners): boolean {
  const plain = (owners: Owners): unknown => [...owners].map(([name, paths]) => [name, [...paths].sort()]).sort();
  return isSameJson(plain(a), plain(b));
}

function without(owners: Owners, isLost: (path: string) => boolean): Owners {
  const kept = [...owners].map(([name, paths]) => [name, new Set([...paths].filter((path) => !isLost(path)))] as const);
  return new Map(kept.filter(([, paths]) => paths.size > 0));
}

function add(owners: Owners, name: string, paths: readonly string[]): Owners {
  return paths.length === 0 ? owners : new Map([...owners, [name, new Set([...(owners.get(name) ?? []), ...paths])]]);
}

function overlay(live: JsonObject, intent: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...live };
  for (const [name, value] of Object.entries(intent)) {
    const below = live[name];
    result[name] = isJsonObject(value) && isJsonObject(below) ? overlay(below, value) : value;
  }
  return result;
}

/** Takes a leaf away, and the maps that are empty without it. */
function remove(object: JsonObject, [name = '', ...rest]: readonly string[]): JsonObject {
  const { [name]: member, ...others } = object;
  if (rest.length === 0 || !isJsonObject(member)) return others;
  const left = remove(member, rest);
  return Object.keys(left).length === 0 ? others : { ...object, [name]: left };
}
