import { locateFiles } from '../assets/bundle/bundle-file.ts';
import type { BundleHead } from '../assets/bundle/format.ts';
import { type IncludeSet, isIncluded, PATH_LIMITS, RESERVED_FOLDER } from '../rules/asset-path.ts';
import { type AssetFile, reduceMode, treeDigest } from '../rules/asset-tree.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import { encodeInventory, inventoryOf, mergeInventories } from './inventory.ts';
import {
  filesToStage,
  type Inventory,
  type Observation,
  type Operation,
  pathsToObserve,
  planVolume,
  type VolumePlan,
} from './plan.ts';
import type { Staged, Volume } from './volume.ts';

export const INVENTORY_PATH = `${RESERVED_FOLDER}/manifest.json`;

/** Each pass uncovers at most one level of folders, and the last one finds nothing to do. */
const MAX_PASSES = PATH_LIMITS.depth + 2;

/** A bundle on a disk of ours, proven. */
export interface LocalBundle {
  readonly fd: number;
  readonly head: BundleHead;
}

export interface HealOptions {
  readonly volume: Volume;
  readonly bundle: LocalBundle;
  readonly include: IncludeSet;
  /** What earlier runs wrote, and its text as it is stored on the volume now. */
  readonly inventory: Inventory;
  readonly storedInventory: string | undefined;
  /** Keeps the inventory where the agent cannot write. Called before the volume is touched and after. */
  readonly saveInventory: (text: string) => Promise<void>;
}

export interface Healing {
  /** In order; empty when the volume was as wanted. */
  readonly operations: readonly Operation[];
  readonly refusals: VolumePlan['refusals'];
  /** Of what lay at the wanted and formerly written paths at first. */
  readonly foundDigest: string;
}

/**
 * Makes the volume hold the bundle's tree and proves it by looking again. All content is staged and verified before
 * anything in place is touched, so a full disk leaves the old tree; the inventory is widened first and narrowed last, so
 * a run that is cut off anywhere is finished by the next one.
 * @throws MaterializeError tryAgain when somebody keeps changing the volume; errors of the file system
 */
export async function healVolume(options: HealOptions): Promise<Healing> {
  const { volume, bundle, include } = options;
  const wanted = bundle.head.tree;
  const inventory = mergeInventories(options.inventory, inventoryOf(wanted));
  const paths = pathsToObserve({ wanted, inventory });
  const hashUpToBytes = Math.max(...wanted.map((file) => file.sizeBytes), MIN_HASHED_BYTES);
  const observe = (): Observation => volume.observe(paths, { hashUpToBytes });

  let observed = observe();
  const foundDigest = digestOf(observed, include);
  let plan = planVolume({ wanted, include, inventory, observed });
  const { refusals } = plan;
  const staged = new Map<string, Staged>();
  const operations: Operation[] = [];
  const keepInventory = createInventoryKeeper(options);

  for (let pass = 0; plan.operations.length > 0; pass++) {
    if (pass === MAX_PASSES) {
      throw new MaterializeError(EXIT.tryAgain, 'Cannot heal volume: something else keeps changing it');
    }
    stageMissing(filesToStage({ wanted, observed }), { volume, bundle, staged });
    if (pass === 0) await keepInventory(inventory);
    for (const operation of plan.operations) perform(operation, { volume, staged });
    operations.push(...plan.operations);
    volume.sync();
    observed = observe();
    plan = planVolume({ wanted, include, inventory, observed });
  }

  const outside = refusals.filter(({ reason }) => reason === 'NotIncluded').map(({ path }) => path);
  const remaining: Inventory = new Map(outside.map((path) => [path, inventory.get(path) ?? new Set()]));
  await keepInventory(mergeInventories(inventoryOf(wanted), remaining));
  volume.sync();
  return { operations, refusals, foundDigest };
}

/** Files up to this size are hashed even when no wanted one is as large: an earlier revision's may have been. */
const MIN_HASHED_BYTES = 16 * 1024 * 1024;

function createInventoryKeeper({
  volume,
  saveInventory,
  storedInventory,
}: HealOptions): (inventory: Inventory) => Promise<void> {
  let stored = storedInventory;
  return async (inventory) => {
    const text = encodeInventory(inventory);
    await saveInventory(text);
    if (text === stored) return;
    const found = volume.observe([RESERVED_FOLDER, INVENTORY_PATH], { hashUpToBytes: 0 }).get(INVENTORY_PATH);
    if (found?.kind === 'directory') volume.displace(INVENTORY_PATH);
    volume.place(volume.stage({ kind: 'bytes', bytes: Buffer.from(text, 'utf8') }, 0o644), INVENTORY_PATH);
    stored = text;
  };
}

interface StagingContext {
  readonly volume: Volume;
  readonly bundle: LocalBundle;
  readonly staged: Map<string, Staged>;
}

function stageMissing(files: readonly AssetFile[], { volume, bundle, staged }: StagingContext): void {
  const offsets = locateFiles(bundle.head);
  for (const file of files) {
    if (staged.has(file.path)) continue;
    const position = offsets.get(file.path) ?? 0;
    const copy = volume.stage({ kind: 'range', fd: bundle.fd, position, sizeBytes: file.sizeBytes }, file.mode);
    if (copy.sha256 !== file.sha256) {
      throw new MaterializeError(EXIT.tryAgain, 'Cannot heal volume: the bundle changed while it was read');
    }
    staged.set(file.path, copy);
  }
}

function perform(operation: Operation, { volume, staged }: Pick<StagingContext, 'volume' | 'staged'>): void {
  switch (operation.kind) {
    case 'displace':
      volume.displace(operation.path);
      break;
    case 'repairDirectory':
      volume.repairDirectory(operation.path);
      break;
    case 'makeDirectory':
      volume.makeDirectory(operation.path);
      break;
    case 'place': {
      const copy = staged.get(operation.file.path);
      if (copy === undefined) throw new Error('Cannot place file: it was not staged');
      staged.delete(operation.file.path);
      volume.place(copy, operation.file.path);
      break;
    }
    case 'prune':
      volume.prune(operation.path);
      break;
    case 'removeDirectory':
      volume.removeDirectory(operation.path);
      break;
    default:
      unreachable(operation);
  }
}

function digestOf(observed: Observation, include: IncludeSet): string {
  const files: AssetFile[] = [];
  for (const [path, found] of observed) {
    if (found.kind !== 'file' || !isIncluded(include, path)) continue;
    files.push({ path, mode: reduceMode(found.mode), sizeBytes: found.sizeBytes, sha256: found.sha256 });
  }
  return treeDigest(files);
}

function unreachable(operation: never): never {
  throw new Error(`Cannot perform operation: unknown ${JSON.stringify(operation)}`);
}
