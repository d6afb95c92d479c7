type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The JSON merge patch (RFC 7396) that turns `from` into `to`: removed members become null, equal ones are left out, lists are
 * replaced as a whole. Undefined when there is nothing to change. Members that are undefined count as absent.
 */
export function mergePatch(from: JsonObject, to: JsonObject): JsonObject | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const before = from[key];
    const after = to[key];
    if (after === undefined) {
      if (before !== undefined) patch[key] = null;
    } else if (isJsonObject(before) && isJsonObject(after)) {
      const nested = mergePatch(before, after);
      if (nested !== undefined) patch[key] = nested;
    } else if (!isEqual(before, after)) {
      patch[key] = after;
    }
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((member, index) => isEqual(member, b[index]));
  if (isJsonObject(a) && isJsonObject(b)) return mergePatch(a, b) === undefined;
  return a === b;
}
