import { locateFiles } from '../assets/bundle/bundle-file.ts';
import type { BundleHead } from '../assets/bundle/format.ts';
import { sha256Hex } from '../platform/digest.ts';
import { type IncludeSet, isIncluded, PATH_LIMITS, RESERVED_FOLDER } from '../rules/asset-path.ts';
import { type AssetFile, reduceMode, treeDigest } from '../rules/asset-tree.ts';
import { isDisturbance, isFileError } from './anchored.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import { encodeInventory, inventoryOf, mergeInventories } from './inventory.ts';
import {
  filesToStage,
  type Inventory,
  type Observation,
  type Operation,
  pathsToObserve,
  planVolume,
  removableFolders,
  type VolumePlan,
} from './plan.ts';
import type { Tampering } from './tampering.ts';
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
  /** What earlier runs wrote. */
  readonly inventory: Inventory;
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
 * a run that is cut off anywhere is finished by the next one. Whatever somebody else does meanwhile costs another look.
 * @throws MaterializeError tryAgain when somebody keeps changing the volume; errors of the file system
 */
export async function healVolume(options: HealOptions): Promise<Healing> {
  const { volume, bundle, include, saveInventory } = options;
  const wanted = bundle.head.tree;
  const inventory = mergeInventories(options.inventory, inventoryOf(wanted));
  const paths = pathsToObserve({ wanted, inventory });
  const removable = new Set(removableFolders({ wanted, include, inventory }));
  const hashUpToBytes = Math.max(...wanted.map((file) => file.sizeBytes), MIN_HASHED_BYTES);
  const look = (): Look => {
    const observed = volume.observe(paths, { hashUpToBytes, removable });
    const plan = planVolume({ wanted, include, inventory, observed });
    return { observed, plan, missing: filesToStage({ wanted, observed }), tampering: lookAtOwnFolder(volume) };
  };

  let seen = look();
  const { plan, tampering, observed } = seen;
  const operations: Operation[] = [];
  const staged = new Map<string, Staged>();
  const run = (operation: Operation): void => {
    perform(operation, { volume, staged });
    operations.push(operation);
  };

  for (let pass = 0; !isInOrder(seen); pass++) {
    if (pass === MAX_PASSES)
      throw new MaterializeError(EXIT.tryAgain, 'Cannot heal volume: something else keeps changing it');
    const widened = encodeInventory(inventory);
    if (pass === 0) await saveInventory(widened);
    try {
      for (const operation of seen.tampering.operations) run(operation);
      stageMissing(seen.missing, { volume, bundle, staged });
      volume.settle();
      storeInventory(volume, widened);
      for (const operation of seen.plan.operations) run(operation);
      volume.sync();
    } catch (error) {
      if (!isDisturbance(error)) throw error;
      staged.clear();
      volume.unstage();
    }
    seen = look();
  }

  const outside = plan.refusals.filter(({ reason }) => reason === 'NotIncluded').map(({ path }) => path);
  const remaining: Inventory = new Map(outside.map((path) => [path, inventory.get(path) ?? new Set()]));
  const narrowed = encodeInventory(mergeInventories(inventoryOf(wanted), remaining));
  await saveInventory(narrowed);
  narrowStoredInventory(volume, narrowed);
  const refusals = [...plan.refusals, ...tampering.refusals];
  return { operations, refusals, foundDigest: digestOf(observed, include) };
}

/** Files up to this size are hashed even when no wanted one is as large: an earlier revision's may have been. */
const MIN_HASHED_BYTES = 16 * 1024 * 1024;

interface Look {
  readonly observed: Observation;
  readonly plan: VolumePlan;
  readonly missing: readonly AssetFile[];
  readonly tampering: Tampering;
}

function isInOrder({ plan, missing, tampering }: Look): boolean {
  return plan.operations.length === 0 && missing.length === 0 && tampering.operations.length === 0;
}

function lookAtOwnFolder(volume: Volume): Tampering {
  try {
    return volume.findTampering();
  } catch (error) {
    // Somebody replaced it while we looked; nothing in there is believed anyway.
    if (isDisturbance(error)) return { operations: [], refusals: [] };
    throw error;
  }
}

/** The copy for the first run of a new Pod. Writes only a difference. */
function storeInventory(volume: Volume, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  const stored = volume.observe([RESERVED_FOLDER, INVENTORY_PATH], { hashUpToBytes: bytes.length }).get(INVENTORY_PATH);
  if (stored?.kind === 'file' && stored.sha256 === sha256Hex(bytes)) return;
  volume.place(volume.stage({ kind: 'bytes', bytes }, 0o644), INVENTORY_PATH);
}

/**
 * All is in place by now, and the wider inventory that lies there is as true: a volume without room for one more file does
 * not hold the agent back. The next run tries again.
 */
function narrowStoredInventory(volume: Volume, text: string): void {
  try {
    storeInventory(volume, text);
    volume.sync();
  } catch (error) {
    if (!isDisturbance(error) && !isFileError(error)) throw error;
  }
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
      volume.displace(operation.path, operation);
      break;
    case 'discard':
      volume.discard(operation.path);
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
      volume.place(copy, operation.file.path);
      staged.delete(operation.file.path);
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
