/**
 * What runs moved aside, for the people whose it was: shows it beside what lies in its place now, and puts it back. The agent can
 * write all of it meanwhile, so every name is reached by descriptor and every size is bounded.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, opendirSync, readSync } from 'node:fs';
import type { KeptList, KeptVersion, Version } from '../assets/kept-version.ts';
import { DISPLACED_FOLDER, findPathFault, PATH_LIMITS, parentsOf } from '../rules/asset-path.ts';
import { compareByBytes, reduceMode } from '../rules/asset-tree.ts';
import { type Anchor, below, hasCode, lstatBelow, openRoot, withDirectory } from './anchored.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import { INVENTORY_PATH } from './heal.ts';
import { decodeInventory } from './inventory.ts';
import { readOwnText } from './materialize-bundle.ts';
import type { Observed } from './plan.ts';
import type { Volume } from './volume.ts';

/** Together they stay below what a kubelet keeps of a container's output before it begins a new file (10 MiB). */
const SHOWN = { fileBytes: 256 * 1024, totalBytes: 4 * 1024 * 1024, versions: 200, visited: 5_000 } as const;
const MAX_PUT_BACK_BYTES = 64 * 1024 * 1024;

/** The versions below `.molecule/displaced`, by path. Reads only. */
export function listKept(volume: Volume, target: string): KeptList {
  const { paths, omitted } = findKept(target);
  let leftBytes: number = SHOWN.totalBytes;
  const read = (path: string): Version => {
    const version = readVersion(volume, path, Math.min(SHOWN.fileBytes, leftBytes));
    if (version.kind === 'file' && version.content !== undefined) leftBytes -= version.sizeBytes;
    return version;
  };
  const versions = paths.slice(0, SHOWN.versions).map((path): KeptVersion => {
    const keptAt = `${DISPLACED_FOLDER}/${path}`;
    return { path, keptAt, kept: read(keptAt), present: read(path) };
  });
  return { versions, omitted: omitted + paths.length - versions.length };
}

/**
 * Puts a copy of what was moved aside from `path` back there. What would be lost by that has to be the template's, by our own
 * inventory, or the same; the copy under `.molecule` stays in any case.
 * @returns whether anything had to be done
 * @throws MaterializeError with what to do instead; errors of the file system
 */
export function putBack(volume: Volume, path: string): boolean {
  if (findPathFault(path) !== undefined)
    throw new MaterializeError(EXIT.usage, 'Cannot put back: this is no path that a template can have');
  const keptAt = `${DISPLACED_FOLDER}/${path}`;
  const kept = volume.openFile(keptAt);
  if (kept === undefined)
    throw new MaterializeError(
      EXIT.refused,
      'Cannot put back: no file is kept of this path; see which are with --diff',
    );
  try {
    const { size, mode } = fstatSync(kept);
    if (size > MAX_PUT_BACK_BYTES)
      throw new MaterializeError(
        EXIT.refused,
        'Cannot put back: the kept file has more than 64 MiB; take it to the template by other means',
      );
    const staged = volume.stage({ kind: 'range', fd: kept, position: 0, sizeBytes: size }, reduceMode(mode));
    const present = observeOne(volume, path, MAX_PUT_BACK_BYTES);
    if (present.kind === 'file' && present.sha256 === staged.sha256) return false;
    if (!isReplaceable(volume, path, present))
      throw new MaterializeError(
        EXIT.refused,
        'Cannot put back: what lies at the path now is not of the template either, and would be lost; save it, remove it and try again',
      );
    for (const folder of parentsOf(path))
      if (observeOne(volume, folder, 0).kind === 'absent') volume.makeDirectory(folder);
    volume.place(staged, path);
    volume.sync();
    return true;
  } finally {
    closeSync(kept);
  }
}

/** Nothing, or a file whose bytes a run of ours wrote: those are in the template's repository. */
function isReplaceable(volume: Volume, path: string, present: Observed): boolean {
  if (present.kind === 'absent') return true;
  const inventory = decodeInventory(readOwnText(volume, INVENTORY_PATH) ?? '');
  return present.kind === 'file' && inventory?.get(path)?.has(present.sha256) === true;
}

function observeOne(volume: Volume, path: string, hashUpToBytes: number): Observed {
  return volume.observe([...parentsOf(path), path], { hashUpToBytes }).get(path) ?? { kind: 'absent' };
}

function readVersion(volume: Volume, path: string, maxBytes: number): Version {
  const observed = observeOne(volume, path, 0);
  if (observed.kind !== 'file') return { kind: observed.kind };
  const { sizeBytes, mode } = observed;
  const file = { kind: 'file', sizeBytes, mode } as const;
  if (sizeBytes > maxBytes) return file;
  const fd = volume.openFile(path);
  if (fd === undefined) return { kind: 'unreadable' };
  try {
    const content = readAtMost(fd, sizeBytes);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { ...file, sizeBytes: content.length, sha256, content: content.toString('base64') };
  } finally {
    closeSync(fd);
  }
}

/** A file that grows meanwhile is read as far as it was. */
function readAtMost(fd: number, sizeBytes: number): Buffer {
  const buffer = Buffer.alloc(sizeBytes);
  let length = 0;
  for (let read = -1; length < sizeBytes && read !== 0; length += read)
    read = readSync(fd, buffer, length, sizeBytes - length, length);
  return buffer.subarray(0, length);
}

interface Found {
  readonly paths: readonly string[];
  /** Names that no run of ours can have put there, or that could not be looked at. */
  readonly omitted: number;
}

function findKept(target: string): Found {
  const root = openRoot(target);
  const paths: string[] = [];
  let omitted = 0;
  let visited = 0;
  try {
    // Level by level from the root, so that no more than one folder is open at a time.
    for (let folders = ['']; folders.length > 0; ) {
      const deeper: string[] = [];
      for (const folder of folders) {
        const entries = listBelow(root, folder, SHOWN.visited - visited);
        visited += entries?.length ?? 0;
        if (entries === undefined || visited === SHOWN.visited) omitted += 1;
        for (const { name, isFolder } of entries ?? []) {
          const path = folder === '' ? name : `${folder}/${name}`;
          if (findPathFault(path) !== undefined) omitted += 1;
          else if (!isFolder) paths.push(path);
          else if (path.split('/').length < PATH_LIMITS.depth) deeper.push(path);
          else omitted += 1;
        }
      }
      folders = deeper;
    }
  } finally {
    closeSync(root.fd);
  }
  return { paths: paths.sort(compareByBytes), omitted };
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Undefined for what cannot be entered; no folder at all is an empty one. */
function listBelow(root: Anchor, folder: string, most: number): readonly Entry[] | undefined {
  const components = [...DISPLACED_FOLDER.split('/'), ...(folder === '' ? [] : folder.split('/'))];
  try {
    return withDirectory(root, components, (directory) => readEntries(directory, most));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    if (hasCode(error, 'ENOTDIR', 'ELOOP', 'EACCES')) return undefined;
    throw error;
  }
}

function readEntries(directory: Anchor, most: number): readonly Entry[] {
  const listing = opendirSync(below(directory, '.'));
  try {
    const entries: Entry[] = [];
    for (let entry = listing.readSync(); entry !== null && entries.length < most; entry = listing.readSync()) {
      const isFolder = lstatBelow(directory, entry.name)?.isDirectory() === true;
      entries.push({ name: entry.name, isFolder });
    }
    return entries;
  } finally {
    listing.closeSync();
  }
}
