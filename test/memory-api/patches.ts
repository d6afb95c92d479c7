import type { JsonPatchOperation } from '../../src/kube/client.ts';
import { patchFailed } from './refusal.ts';
import { isJsonObject, isSameJson, type Json, type JsonObject } from './rest.ts';

/** RFC 7396. */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result: Record<string, Json> = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = applyMergePatch(result[name], value);
  }
  return result;
}

/** RFC 6902, of which add, remove, replace and test. An absent member tests as null, as the apiserver has it. */
export function applyJsonPatch(target: JsonObject, operations: readonly JsonPatchOperation[]): JsonObject {
  const root = { '': structuredClone(target) as Json };
  for (const operation of operations) applyOperation(root, operation);
  return root[''] as JsonObject;
}

type Container = Record<string, Json> | Json[];

function applyOperation(root: Record<string, Json>, { op, path, value = null }: JsonPatchOperation): void {
  const steps = path.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = steps.pop() ?? '';
  let container: Container = root;
  for (const step of steps) {
    const next: Json | undefined = Array.isArray(container) ? container[Number(step)] : container[step];
    if (typeof next !== 'object' || next === null) throw patchFailed();
    container = next as Container;
  }
  const json = value as Json;
  const found = Array.isArray(container) ? container[Number(last)] : container[last];
  switch (op) {
    case 'test':
      if (!isSameJson(found, json)) throw patchFailed();
      return;
    case 'add':
      if (!Array.isArray(container)) container[last] = json;
      else container.splice(last === '-' ? container.length : Number(last), 0, json);
      return;
    case 'remove':
    case 'replace':
      if (found === undefined) throw patchFailed();
      if (op === 'replace') Object.assign(container, { [last]: json });
      else if (Array.isArray(container)) container.splice(Number(last), 1);
      else delete container[last];
      return;
    default:
      op satisfies never;
  }
}
