import {
  findExcess,
  findHostility,
  findPathFault,
  type IncludeSet,
  isAboveInclude,
  isIncluded,
  type PathFault,
  parentsOf,
} from '../../rules/asset-path.ts';
import {
  type AssetMode,
  type CollisionFault,
  createPathRegister,
  type PathRegister,
  reduceMode,
} from '../../rules/asset-tree.ts';
import { ArchiveError } from './archive-error.ts';
import type { TarEntry } from './tar-entries.ts';

/**
 * How an archive names what it holds. `oneFolder`: everything lies in one folder, as forges and `git archive` write it.
 * `bare`: names are those of the repository, with or without `./` before them, as Flux writes it.
 */
export type ArchiveLayout = 'oneFolder' | 'bare';

export interface ArchiveFile {
  readonly path: string;
  readonly mode: AssetMode;
  readonly sizeBytes: number;
}

export interface ChooserOptions {
  readonly include: IncludeSet;
  /** Folder of the repository that is the template; include paths are relative to it. */
  readonly subPath?: string;
  /** @default oneFolder */
  readonly layout?: ArchiveLayout;
}

/**
 * Says of each entry, in archive order, whether it is a file to keep; undefined for a folder and for what is not ours to
 * judge. Outside `include` an entry may be a link or a device, but its name may not be hostile, beyond the bounds, or there twice.
 * @throws ArchiveError
 */
export type Chooser = (entry: TarEntry) => ArchiveFile | undefined;

export function createChooser({ include, subPath = '', layout = 'oneFolder' }: ChooserOptions): Chooser {
  const place = layout === 'bare' ? placeBare : createFolderPlacer();
  const names = createPathRegister((path) => path);
  const assets = createPathRegister();
  const base = subPath === '' ? '' : `${subPath}/`;
  const aboveBase = new Set(base === '' ? [] : [...parentsOf(subPath), subPath]);

  return (entry) => {
    const path = place(entry);
    if (path === '') return undefined;
    refuseFault(findExcess(path), entry, 'it has a path beyond the bounds');
    refuseCollision(names, path, entry);
    if (aboveBase.has(path)) return requireFolder(entry);
    if (!path.startsWith(base)) return undefined;
    return judge({ entry, path: path.slice(base.length), include, assets });
  };
}

/** The path in the repository, empty for its root. */
type Placer = (entry: TarEntry) => string;

function createFolderPlacer(): Placer {
  let folder: string | undefined;
  return (entry) => {
    const whole = harmless(withoutSlash(entry), entry);
    const slash = whole.indexOf('/');
    const top = slash < 0 ? whole : whole.slice(0, slash);
    if (folder === undefined) refuseFault(findExcess(top), entry, 'it has a path beyond the bounds');
    folder ??= top;
    if (top !== folder || (slash < 0 && entry.type !== 'directory')) {
      throw new ArchiveError('TopFolder', { message: 'it is not one folder with everything in it', path: entry.path });
    }
    return slash < 0 ? '' : whole.slice(slash + 1);
  };
}

function placeBare(entry: TarEntry): string {
  const whole = withoutSlash(entry);
  if (whole === '.' && entry.type === 'directory') return '';
  return harmless(whole.startsWith('./') ? whole.slice(2) : whole, entry);
}

function withoutSlash({ type, path }: TarEntry): string {
  return type === 'directory' && path.endsWith('/') ? path.slice(0, -1) : path;
}

function harmless(path: string, entry: TarEntry): string {
  refuseFault(findHostility(path), entry, 'it has an unsafe path');
  return path;
}

interface Judgement {
  readonly entry: TarEntry;
  /** In the template. */
  readonly path: string;
  readonly include: IncludeSet;
  readonly assets: PathRegister;
}

function judge({ entry, path, include, assets }: Judgement): ArchiveFile | undefined {
  const isAbove = isAboveInclude(include, path);
  if (!isAbove && !isIncluded(include, path)) return undefined;
  const fault = findPathFault(path);
  // The agent's own: even where a template carries it, it is left alone (TA-18).
  if (fault === 'PathProtected') return undefined;
  refuseFault(fault, entry, 'it has a path that cannot be an asset');
  if (entry.type !== 'file' && entry.type !== 'directory') {
    throw new ArchiveError('EntryNotAllowed', { message: `it has a ${entry.type} among the assets`, path: entry.path });
  }
  if ((entry.mode & 0o7000) !== 0) {
    throw new ArchiveError('EntryNotAllowed', {
      message: 'it has a set-uid, set-gid or sticky bit among the assets',
      path: entry.path,
    });
  }
  refuseCollision(assets, path, entry);
  if (entry.type === 'directory') return requireOpen(entry);
  if (isAbove) requireFolder(entry);
  return { path, mode: reduceMode(entry.mode), sizeBytes: entry.sizeBytes };
}

function refuseCollision(register: PathRegister, path: string, entry: TarEntry): void {
  const collision = entry.type === 'directory' ? register.addFolder(path) : register.addFile(path);
  refuseFault(collision, entry, 'two of its entries want the same place');
}

function refuseFault(fault: PathFault | CollisionFault | undefined, { path }: TarEntry, message: string): void {
  if (fault !== undefined) throw new ArchiveError(fault, { message, path });
}

/** Modes of folders are not applied; one that nobody may enter is made to keep what is in it from being looked at. */
function requireOpen({ mode, path }: TarEntry): undefined {
  if ((mode & 0o700) !== 0) return undefined;
  throw new ArchiveError('EntryNotAllowed', { message: 'it has a folder that its owner may not enter', path });
}

function requireFolder(entry: TarEntry): undefined {
  if (entry.type === 'directory') return undefined;
  throw new ArchiveError('EntryNotAllowed', {
    message: `it has a ${entry.type} where a folder of assets should be`,
    path: entry.path,
  });
}
