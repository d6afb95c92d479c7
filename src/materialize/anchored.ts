/**
 * File system calls relative to an open directory. Node has no openat; `/proc/self/fd/<n>/name` is the same thing: the
 * kernel starts at the directory that the descriptor holds, wherever its name leads by now. One component is resolved at
 * a time and never through a link, so nobody who writes to the volume meanwhile can lead us out of it. Linux only.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { coerceError } from '../platform/errors.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** Not among Node's constants. Opens a name without needing any right to what it names. */
const O_PATH = 0o10000000;

/** A directory held open; all names are relative to it. */
export interface Anchor {
  readonly fd: number;
}

/** The top of a volume. In a Pod it is a mount point, which nobody in there can move; moved elsewhere, nothing below it is in place. */
export interface Root extends Anchor {
  /** Its path as the kernel had it when it was opened. */
  readonly place: string;
}

/** The directory at a path of ours, with the owner's rights given back where its owner is us (V7). */
export function openRoot(path: string): Root {
  const fd = openSync(path, O_PATH | O_DIRECTORY);
  try {
    openUp(fd);
    using opened = new DisposableStack();
    const root = { fd: opened.adopt(openSync(`/proc/self/fd/${fd}`, O_RDONLY | O_DIRECTORY), closeSync) };
    const place = placeOf(root);
    opened.move();
    return { ...root, place };
  } finally {
    closeSync(fd);
  }
}

/** One component, as text or as the bytes that a listing gave. */
export type Name = string | Buffer;

/** Path of `name` in the directory, for calls that do not follow their last component. */
export function below({ fd }: Anchor, name: Name): Name {
  const directory = `/proc/self/fd/${fd}/`;
  return typeof name === 'string' ? directory + name : Buffer.concat([Buffer.from(directory), name]);
}

export function lstatBelow(anchor: Anchor, name: Name): Stats | undefined {
  return lstatSync(below(anchor, name), { throwIfNoEntry: false });
}

/** @throws ENOENT, ENOTDIR or ELOOP when `name` is not a directory itself */
export function openDirectoryBelow(anchor: Anchor, name: Name): Anchor {
  return { fd: openSync(below(anchor, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW) };
}

/** A file held open, and what it was when it was opened. */
export interface OpenFile {
  readonly fd: number;
  readonly stats: Stats;
}

/**
 * A regular file for reading, or undefined when something else is there. Never waits for a FIFO's other end, and closes
 * again unread what was swapped in between the look and the opening.
 * @param stats what a look at the name has just shown, so that no device is opened to find out
 */
export function openFileBelow(anchor: Anchor, name: string, stats = lstatBelow(anchor, name)): OpenFile | undefined {
  if (stats?.isFile() !== true) return undefined;
  const fd = openSync(below(anchor, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  let isKept = false;
  try {
    const opened = fstatSync(fd);
    isKept = opened.isFile();
    return isKept ? { fd, stats: opened } : undefined;
  } finally {
    if (!isKept) closeSync(fd);
  }
}

/** The directory that one or more components lead to; every directory on the way is closed, the last is the caller's to close. */
export function openDirectory(root: Anchor, components: readonly string[]): Anchor {
  let current = root;
  for (const component of components) {
    const above = current;
    try {
      current = openDirectoryBelow(above, component);
    } finally {
      if (above !== root) closeSync(above.fd);
    }
  }
  return current;
}

/** Runs `use` with the directory that the components lead to: with the root itself where there are none. */
export function withDirectory<T>(root: Anchor, components: readonly string[], use: (directory: Anchor) => T): T {
  if (components.length === 0) return use(root);
  const directory = openDirectory(root, components);
  try {
    return use(directory);
  } finally {
    closeSync(directory.fd);
  }
}

/**
 * Is the open directory still where the path leads to? The kernel says where the very inode is by now, so a folder
 * that was moved elsewhere with the descriptor in our hands is told from one at its place (V6), and no link is involved.
 */
export function isStillAt(directory: Anchor, root: Root, path: string): boolean {
  try {
    return placeOf(directory) === `${root.place}/${path}`;
  } catch (error) {
    // Moved to where no path leads any more.
    if (hasCode(error, 'ENAMETOOLONG')) return false;
    throw error;
  }
}

function placeOf({ fd }: Anchor): string {
  return readlinkSync(`/proc/self/fd/${fd}`);
}

/** Can its owner, when that is us, enter and change it? (V7) */
export function isUsableDirectory(stats: Stats): boolean {
  return stats.uid !== process.geteuid?.() || (stats.mode & 0o700) === 0o700;
}

/** Gives the owner all rights to a directory, without ever following a link that took its place. */
export function repairDirectoryBelow(anchor: Anchor, name: Name): void {
  const fd = openSync(below(anchor, name), O_PATH | O_NOFOLLOW | O_DIRECTORY);
  try {
    openUp(fd);
  } finally {
    closeSync(fd);
  }
}

function openUp(fd: number): void {
  const stats = fstatSync(fd);
  if (!isUsableDirectory(stats)) chmodSync(`/proc/self/fd/${fd}`, (stats.mode & 0o7777) | 0o700);
}

/** Takes the right to write to a directory from everybody who is neither its owner nor in its group. */
export function closeToOthersBelow(anchor: Anchor, name: string): void {
  const { fd } = openDirectoryBelow(anchor, name);
  try {
    fchmodSync(fd, fstatSync(fd).mode & 0o7775);
  } finally {
    closeSync(fd);
  }
}

/**
 * What a call meets when somebody else removes, renames or replaces what it works on. Each of these goes away by looking
 * again, or shows by then what is in the way.
 */
const DISTURBANCES = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EEXIST', 'ENOTEMPTY', 'EISDIR', 'EINVAL', 'ENXIO', 'ESTALE'];

/** Thrown instead of acting on a folder that is no longer where it was opened. */
export class MovedError extends Error {
  override readonly name = 'MovedError';
}

export function isDisturbance(error: unknown): boolean {
  return error instanceof MovedError || hasCode(error, ...DISTURBANCES);
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const cause = coerceError(error);
  return 'code' in cause && typeof cause.code === 'string' && codes.includes(cause.code);
}

/** Did a call to the file system fail? */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
