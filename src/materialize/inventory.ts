import { canonicalJson } from '../platform/digest.ts';
import { type AssetTree, compareByBytes } from '../rules/asset-tree.ts';
import type { Inventory } from './plan.ts';

/**
 * Text form of an inventory, equal for equal ones. Kept in the init container's own directory; the copy on the volume is
 * a hint for the first run of a new Pod, because the agent can write it.
 */
export function encodeInventory(inventory: Inventory): string {
  const files = [...inventory]
    .sort(([a], [b]) => compareByBytes(a, b))
    .map(([path, hashes]) => ({ path, sha256: [...hashes].sort() }));
  return `${canonicalJson({ version: 1, files })}\n`;
}

/** More than any template may have, twice over: an old revision's paths may still be in it. */
const MAX_PATHS = 20_000;

/** undefined for text that is not an inventory, or is one that we would never write. Paths are not judged here: the planner does that for every use. */
export function decodeInventory(text: string): Inventory | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { version, files } = asRecord(value);
  if (version !== 1 || !Array.isArray(files) || files.length > MAX_PATHS) return undefined;
  const inventory = new Map<string, ReadonlySet<string>>();
  for (const item of files as readonly unknown[]) {
    const { path, sha256 } = asRecord(item);
    if (typeof path !== 'string' || !Array.isArray(sha256)) return undefined;
    inventory.set(path, new Set(sha256.filter((hash: unknown): hash is string => typeof hash === 'string')));
  }
  return inventory;
}

export function inventoryOf(tree: AssetTree): Inventory {
  return new Map(tree.map((file) => [file.path, new Set([file.sha256])]));
}

export function mergeInventories(a: Inventory, b: Inventory): Inventory {
  const merged = new Map(a);
  for (const [path, hashes] of b) merged.set(path, new Set([...(merged.get(path) ?? []), ...hashes]));
  return merged;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
