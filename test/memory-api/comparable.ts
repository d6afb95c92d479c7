import { isJsonObject, type Json, type JsonObject } from './rest.ts';

/** Kinds whose spec and status are filled in by defaults and controllers that the memory API does not have. */
const FILLED_IN = new Set(['Namespace', 'PersistentVolumeClaim', 'Pod']);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Numbers that are versions, and not the 404 of a path that nobody serves. */
const VERSION = /\b\d{3,}\b(?! page not found)/g;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * Makes the answers of one server comparable with those of another: uids become numbers in the order of their appearance,
 * times lose their value, versions their distance, and what the memory API does not serve is left out.
 */
export function createNormaliser(versions: readonly string[]): (value: Json) => Json {
  const uids = new Map<string, string>();
  const uidOf = (uid: string): string => {
    const known = uids.get(uid) ?? `uid-${uids.size + 1}`;
    uids.set(uid, known);
    return known;
  };
  const ranks = new Map(
    [...new Set(versions)]
      .sort((a, b) => Number(a) - Number(b))
      .map((version, rank) => [version, `version-${rank + 1}`]),
  );
  const text = (value: string): string => {
    if (TIME.test(value)) return 'time';
    const named = value.replaceAll(UUID, uidOf);
    return named.includes(' ') || /^\d+$/.test(named)
      ? named.replaceAll(VERSION, (version) => ranks.get(version) ?? 'version')
      : named;
  };
  const visit = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(visit);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(trimmed(value)).map(([name, member]) => [name, visit(member)]));
  };
  return visit;
}

/** Versions of objects. That of a list moves with everything else that happens in a cluster. */
export function versionsOf(value: Json): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(versionsOf);
  if (!isJsonObject(value)) return [];
  const { metadata, items, type } = value;
  const own =
    isJsonObject(metadata) && items === undefined && type === undefined && !isBookmark(value)
      ? metadata.resourceVersion
      : undefined;
  return [...(typeof own === 'string' ? [own] : []), ...versionsOf(items ?? null), ...versionsOf(value.object ?? null)];
}

function isBookmark({ metadata }: JsonObject): boolean {
  return isJsonObject(metadata) && metadata.name === undefined;
}

function trimmed(value: JsonObject): JsonObject {
  const { metadata, kind, spec: _spec, status, ...rest } = value;
  if (!isJsonObject(metadata)) return value;
  const { managedFields, continue: more, ...kept } = metadata;
  const isListed = value.items !== undefined || isBookmark(value);
  const shown = {
    ...kept,
    ...(isListed ? { resourceVersion: 'any' } : {}),
    ...(more === undefined || more === '' ? {} : { continue: 'more' }),
  };
  if (typeof kind === 'string' && FILLED_IN.has(kind)) {
    const phase = isJsonObject(status) ? { phase: status.phase ?? null } : {};
    return { ...rest, kind, metadata: shown, status: phase };
  }
  return { ...value, metadata: { ...shown, ...managersOf(managedFields) } };
}

/**
 * Who owns something of an object. What exactly depends on the schema and its kinds of lists, who wrote status is not kept, and
 * times are nobody's business.
 */
function managersOf(managedFields: Json | undefined): JsonObject {
  if (!Array.isArray(managedFields)) return {};
  const own = managedFields.filter(isJsonObject).filter(({ subresource }) => subresource === undefined);
  return { managedFields: own.map(({ manager, operation }) => `${manager} ${operation}`).toSorted() };
}
