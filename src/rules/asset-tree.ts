import { createHash } from 'node:crypto';
import { findPathFault, foldPath, type PathFault } from './asset-path.ts';

/** One regular file of a template. Modes are reduced to these two: no bit beyond execution survives (set-uid, sticky). */
export interface AssetFile {
  /** Relative, `/`-separated, valid by `findPathFault`. */
  readonly path: string;
  readonly mode: AssetMode;
  readonly sizeBytes: number;
  /** Lower-case hex of the file's bytes. */
  readonly sha256: string;
}

export type AssetMode = 0o644 | 0o755;

/** Sorted by the UTF-8 bytes of `path`; no two paths are equal, fold to the same name, or lie below one another. */
export type AssetTree = readonly AssetFile[];

const HEADER = 'molecule-asset-tree/v1';
const ASCII = /^[\0-\x7f]*$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const SHA256 = /^[0-9a-f]{64}$/;

export function isTreeDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** Any executable bit makes a file 0755, otherwise 0644. */
export function reduceMode(mode: number): AssetMode {
  return (mode & 0o111) === 0 ? 0o644 : 0o755;
}

/** In the order of their UTF-8 bytes, which JavaScript's own order is for texts of ASCII alone. */
export function compareByBytes(a: string, b: string): number {
  if (!ASCII.test(a) || !ASCII.test(b)) return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function sortTree(files: readonly AssetFile[]): AssetTree {
  return [...files].sort((a, b) => compareByBytes(a.path, b.path));
}

/**
 * Identity of a tree: over paths, modes, sizes and content hashes, never over the archive it came in, whose bytes a forge
 * may change at will. Every field carries its length and the number of files leads, so no two trees give one input.
 * The order of `files` does not matter.
 */
export function treeDigest(files: readonly AssetFile[]): string {
  const fields = [HEADER, String(files.length)];
  for (const { path, mode, sizeBytes, sha256 } of sortTree(files)) {
    fields.push(path, mode.toString(8), String(sizeBytes), sha256);
  }
  const text = fields.map((field) => `${Buffer.byteLength(field, 'utf8')}:${field}`).join('');
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}

export function totalBytes(tree: readonly AssetFile[]): number {
  return tree.reduce((sum, file) => sum + file.sizeBytes, 0);
}

export type CollisionFault = 'DuplicatePath' | 'PathCollision' | 'FileAndFolder';

/** Remembers the paths of one tree as they come and says why the next one cannot stand beside them. */
export interface PathRegister {
  addFile(path: string): CollisionFault | undefined;
  addFolder(path: string): CollisionFault | undefined;
}

/**
 * Refuses two spellings of one name (by case or Unicode form), a file given twice and a file with something below it:
 * what lands would depend on the order of the archive or on the volume's file system. Folders may repeat.
 * @param keyOf equal for two paths that are one name
 */
export function createPathRegister(keyOf: (path: string) => string = foldPath): PathRegister {
  const seen = new Map<string, { readonly path: string; readonly isFolder: boolean }>();
  const folders = new Set<string>();
  const note = (path: string, isFolder: boolean): CollisionFault | undefined => {
    const key = keyOf(path);
    const earlier = seen.get(key);
    if (earlier === undefined) {
      seen.set(key, { path, isFolder });
      return undefined;
    }
    if (earlier.path !== path) return 'PathCollision';
    if (earlier.isFolder !== isFolder) return 'FileAndFolder';
    return isFolder ? undefined : 'DuplicatePath';
  };
  /** Once for each folder: most files lie beside the one before. */
  const addFolder = (path: string): CollisionFault | undefined => {
    if (folders.has(path)) return undefined;
    const fault = noteParent(path) ?? note(path, true);
    if (fault === undefined) folders.add(path);
    return fault;
  };
  const noteParent = (path: string): CollisionFault | undefined => {
    const slash = path.lastIndexOf('/');
    return slash < 0 ? undefined : addFolder(path.slice(0, slash));
  };
  return { addFile: (path) => noteParent(path) ?? note(path, false), addFolder };
}

/** A tree that cannot be one: its text names the first fault. */
export class TreeError extends Error {
  override readonly name = 'TreeError';
}

/**
 * The decoding edge of a tree that came from outside (TA-13: the consumer filters again).
 * @throws TreeError when anything but a sorted list of acceptable files is given
 */
export function decodeTree(value: unknown): AssetTree {
  if (!Array.isArray(value)) throw new TreeError('Cannot read tree: not a list');
  const register = createPathRegister();
  let previous: string | undefined;
  return value.map((item: unknown, index) => {
    const file = decodeFile(item, index);
    const fault: PathFault | CollisionFault | undefined = findPathFault(file.path) ?? register.addFile(file.path);
    if (fault !== undefined) throw new TreeError(`Cannot read tree: file ${index} has a bad path (${fault})`);
    if (previous !== undefined && compareByBytes(previous, file.path) >= 0) {
      throw new TreeError(`Cannot read tree: file ${index} is out of order`);
    }
    previous = file.path;
    return file;
  });
}

function decodeFile(value: unknown, index: number): AssetFile {
  if (typeof value === 'object' && value !== null) {
    const { path, mode, sizeBytes, sha256 } = value as Readonly<Record<string, unknown>>;
    const isSized = typeof sizeBytes === 'number' && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0;
    const isHashed = typeof sha256 === 'string' && SHA256.test(sha256);
    if (typeof path === 'string' && (mode === 0o644 || mode === 0o755) && isSized && isHashed) {
      return { path, mode, sizeBytes, sha256 };
    }
  }
  throw new TreeError(`Cannot read tree: file ${index} is malformed`);
}
