import { closeSync, fstatSync, readFileSync } from 'node:fs';
import type { MaterializeReport } from '../assets/report.ts';
import { type IncludeSet, isIncluded } from '../rules/asset-path.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import { healVolume, INVENTORY_PATH, type LocalBundle } from './heal.ts';
import { decodeInventory } from './inventory.ts';
import { reportHealing } from './report.ts';
import type { Volume } from './volume.ts';

export interface MaterializeBundleOptions {
  readonly volume: Volume;
  readonly bundle: LocalBundle;
  readonly include: IncludeSet;
  /** The inventory's text where the agent cannot write; undefined when there is none. */
  readonly trustedInventory: string | undefined;
  readonly saveInventory: (text: string) => Promise<void>;
}

/**
 * Brings a proven bundle onto the volume. The tree is held against `include` once more (TA-13): a fetcher or server that
 * gives anything else is broken, and nothing of it is taken.
 */
export async function materializeBundle(options: MaterializeBundleOptions): Promise<MaterializeReport> {
  const { volume, bundle, include, trustedInventory } = options;
  const stray = bundle.head.tree.find((file) => !isIncluded(include, file.path));
  if (stray !== undefined) {
    throw new MaterializeError(
      EXIT.refused,
      `Cannot take bundle: it has a file outside the template's include list (${JSON.stringify(stray.path)})`,
    );
  }
  const inventory = decodeInventory(trustedInventory ?? readOwnText(volume, INVENTORY_PATH) ?? '') ?? new Map();
  const healing = await healVolume({ ...options, inventory });
  return reportHealing(healing, bundle.head);
}

/** Far above what our own limits allow to write, far below what would exhaust the container. */
const MAX_INVENTORY_BYTES = 4 * 1024 * 1024;

/** undefined for what an agent put there instead: another kind of thing, more than we would ever write, or what no disk reads. */
export function readOwnText(volume: Volume, path: string): string | undefined {
  const fd = volume.openFile(path);
  if (fd === undefined) return undefined;
  try {
    return fstatSync(fd).size > MAX_INVENTORY_BYTES ? undefined : readFileSync(fd, 'utf8');
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
