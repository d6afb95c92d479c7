import { findPathFault, type IncludeSet, isIncluded, parentsOf } from '../rules/asset-path.ts';
import { type AssetFile, type AssetTree, compareByBytes } from '../rules/asset-tree.ts';

/** What stands at a path of the volume. Nothing was followed to find out. */
export type Observed =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'file';
      readonly mode: number;
      readonly sizeBytes: number;
      readonly sha256: string;
      readonly links: number;
    }
  | { readonly kind: 'directory'; readonly isUsable: boolean; readonly isEmpty: boolean }
  /** Below something that is not a directory, or that we may not enter yet. */
  | { readonly kind: 'hidden' }
  | { readonly kind: 'symlink' | 'fifo' | 'socket' | 'device' | 'unreadable' };

export type Observation = ReadonlyMap<string, Observed>;

/** Hashes that earlier runs wrote, by path. More than one where a run was cut off between two revisions. */
export type Inventory = ReadonlyMap<string, ReadonlySet<string>>;

export type Operation =
  /** Move aside what is in the way or was edited; the agent finds it in `.molecule/displaced`. */
  | { readonly kind: 'displace'; readonly path: string; readonly found: Observed; readonly isReplaced: boolean }
  /** Delete what took the place of a directory of ours. */
  | { readonly kind: 'discard'; readonly path: string; readonly found: Observed }
  /** Give ourselves back the right to enter and write a directory of ours. */
  | { readonly kind: 'repairDirectory'; readonly path: string }
  | { readonly kind: 'makeDirectory'; readonly path: string }
  /** Rename a staged file into place. */
  | { readonly kind: 'place'; readonly file: AssetFile; readonly found: Observed }
  | { readonly kind: 'prune'; readonly path: string; readonly found: Observed }
  /** An empty folder that held nothing but pruned files. */
  | { readonly kind: 'removeDirectory'; readonly path: string };

/** What is left as it is: not ours to prune, or a folder of ours that another user owns. */
export interface Refusal {
  readonly path: string;
  readonly reason: 'NotIncluded' | 'NotAllowed' | 'OtherOwner';
}

export interface VolumePlan {
  /** In the order in which they are safe: cut off after any of them, the next run goes on from there. */
  readonly operations: readonly Operation[];
  /** Paths that the inventory names and that are not ours to prune. */
  readonly refusals: readonly Refusal[];
}

export interface PlanInput {
  readonly wanted: AssetTree;
  readonly include: IncludeSet;
  readonly inventory: Inventory;
  /** Covers `pathsToObserve`. */
  readonly observed: Observation;
}

/** Every path that the plan depends on: wanted files, candidates for pruning and the folders above both. */
export function pathsToObserve({ wanted, inventory }: Pick<PlanInput, 'wanted' | 'inventory'>): readonly string[] {
  const safe = [...inventory.keys()].filter((path) => findPathFault(path) === undefined);
  const files = [...wanted.map((file) => file.path), ...safe];
  return [...new Set(files.flatMap((path) => [...parentsOf(path), path]))].sort(compareByBytes);
}

/**
 * What has to be done so that the volume holds the wanted tree. Level-based: when there is nothing to do and nothing to
 * stage, it does. A pass may be partial, where something hides what lies below it; the caller observes and plans again.
 */
export function planVolume(input: PlanInput): VolumePlan {
  const folders = planFolders(input);
  const files = input.wanted.flatMap((file) => planFile(file, input));
  const { operations: prunes, refusals } = planPrunes(input);
  return { operations: [...folders, ...files, ...prunes], refusals };
}

function planFolders({ wanted, observed }: PlanInput): readonly Operation[] {
  const folders = [...new Set(wanted.flatMap((file) => parentsOf(file.path)))].sort(compareByBytes);
  return folders.flatMap((path): readonly Operation[] => {
    const found = at(observed, path);
    if (found.kind === 'hidden') return [];
    if (found.kind === 'absent') return [{ kind: 'makeDirectory', path }];
    if (found.kind === 'directory') return found.isUsable ? [] : [{ kind: 'repairDirectory', path }];
    return [
      { kind: 'displace', path, found, isReplaced: false },
      { kind: 'makeDirectory', path },
    ];
  });
}

function planFile(file: AssetFile, { observed, inventory }: PlanInput): readonly Operation[] {
  const found = at(observed, file.path);
  if (found.kind === 'hidden' || isSame(file, found)) return [];
  const place: Operation = { kind: 'place', file, found };
  if (found.kind === 'absent') return [place];
  const isKnown =
    found.kind === 'file' && (found.sha256 === file.sha256 || isWritten(inventory, { path: file.path, found }));
  return isKnown ? [place] : [{ kind: 'displace', path: file.path, found, isReplaced: true }, place];
}

/**
 * Wanted files that are not known to be on the volume as they should be: to be staged before anything there is touched.
 * One that could not be looked at is among them, so that nothing counts as healed which nobody has seen.
 */
export function filesToStage({ wanted, observed }: Pick<PlanInput, 'wanted' | 'observed'>): readonly AssetFile[] {
  return wanted.filter((file) => !isSame(file, at(observed, file.path)));
}

/** A second link to the file would let somebody change it from elsewhere, so a linked file is not the same (V5). */
function isSame(file: AssetFile, found: Observed): boolean {
  return found.kind === 'file' && found.sha256 === file.sha256 && found.mode === file.mode && found.links === 1;
}

function planPrunes(input: PlanInput): VolumePlan {
  const stale = findStale(input);
  const refusals = stale.flatMap((path) => refusalOf(path, input.include) ?? []);
  return {
    operations: [
      ...stale.filter((path) => refusalOf(path, input.include) === undefined).flatMap((path) => planPrune(path, input)),
      ...removableFolders(input).flatMap((path): readonly Operation[] => {
        const found = at(input.observed, path);
        return found.kind === 'directory' && found.isEmpty ? [{ kind: 'removeDirectory', path }] : [];
      }),
    ],
    refusals,
  };
}

type Stale = Pick<PlanInput, 'wanted' | 'include' | 'inventory'>;

/** Folders that may have to go, the deepest first: above nothing but files that are no longer wanted. */
export function removableFolders(input: Stale): readonly string[] {
  const prunable = findStale(input).filter((path) => refusalOf(path, input.include) === undefined);
  if (prunable.length === 0) return [];
  const needed = new Set(input.wanted.flatMap((file) => [...parentsOf(file.path), file.path]));
  const folders = [...new Set(prunable.flatMap(parentsOf))].filter((path) => !needed.has(path));
  return folders.sort(compareByBytes).reverse();
}

/** Paths that were written once, where neither a wanted file nor a folder of one belongs now. */
function findStale({ wanted, inventory }: Stale): readonly string[] {
  const files = new Set(wanted.map((file) => file.path));
  const gone = [...inventory.keys()].filter((path) => !files.has(path));
  if (gone.length === 0) return [];
  const folders = new Set(wanted.flatMap((file) => parentsOf(file.path)));
  return gone.filter((path) => !folders.has(path)).sort(compareByBytes);
}

/** Our unchanged file is deleted, an edited one kept aside. A folder there is not what we wrote and may hold anything. */
function planPrune(path: string, { observed, inventory }: PlanInput): readonly Operation[] {
  const found = at(observed, path);
  if (found.kind === 'absent' || found.kind === 'hidden' || found.kind === 'directory') return [];
  return isWritten(inventory, { path, found })
    ? [{ kind: 'prune', path, found }]
    : [{ kind: 'displace', path, found, isReplaced: false }];
}

/** The inventory may come from the volume, where the agent can write: each of its paths is judged anew. */
function refusalOf(path: string, include: IncludeSet): Refusal | undefined {
  if (findPathFault(path) !== undefined) return { path, reason: 'NotAllowed' };
  return isIncluded(include, path) ? undefined : { path, reason: 'NotIncluded' };
}

function isWritten(
  inventory: Inventory,
  { path, found }: { readonly path: string; readonly found: Observed },
): boolean {
  return found.kind === 'file' && inventory.get(path)?.has(found.sha256) === true;
}

function at(observed: Observation, path: string): Observed {
  return observed.get(path) ?? { kind: 'absent' };
}
