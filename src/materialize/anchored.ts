/**
 * File system calls relative to an open directory. Node has no openat; `/proc/self/fd/<n>/name` is the same thing: the
 * kernel starts at the directory that the descriptor holds, wherever its name leads by now. One component is resolved at
 * a time and never through a link, so nobody who writes to the volume meanwhile can lead us out of it. Linux only.
 */
import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { coerceError } from '../platform/errors.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** Not among Node's constants. Opens a name without needing any right to what it names. */
const O_PATH = 0o10000000;

/** A directory held open; all names are relative to it. */
export interface Anchor {
  readonly fd: number;
}

export function openAnchor(path: string): Anchor {
  return { fd: openSync(path, O_RDONLY | O_DIRECTORY) };
}

/** Path of `name` in the directory, for calls that do not follow their last component. */
export function below({ fd }: Anchor, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

export function lstatBelow(anchor: Anchor, name: string): Stats | undefined {
  return lstatSync(below(anchor, name), { throwIfNoEntry: false });
}

/** @throws ENOENT, ENOTDIR or ELOOP when `name` is not a directory itself */
export function openDirectoryBelow(anchor: Anchor, name: string): Anchor {
  return { fd: openSync(below(anchor, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW) };
}

/**
 * A regular file for reading, or undefined when something else is there. Never waits for a FIFO's other end and never
 * opens a device: it looks first, and what was swapped in between is closed again unread.
 */
export function openFileBelow(anchor: Anchor, name: string): number | undefined {
  if (lstatBelow(anchor, name)?.isFile() !== true) return undefined;
  const fd = openSync(below(anchor, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  return undefined;
}

/** Runs `use` with the directory that the components lead to, and closes every directory on the way. */
export function withDirectory<T>(root: Anchor, components: readonly string[], use: (directory: Anchor) => T): T {
  let current = root;
  try {
    for (const component of components) {
      const next = openDirectoryBelow(current, component);
      if (current !== root) closeSync(current.fd);
      current = next;
    }
    return use(current);
  } finally {
    if (current !== root) closeSync(current.fd);
  }
}

/** Can its owner, when that is us, enter and change it? (V7) */
export function isUsableDirectory(stats: Stats): boolean {
  return stats.uid !== process.getuid?.() || (stats.mode & 0o700) === 0o700;
}

/** Gives the owner all rights to a directory, without ever following a link that took its place. */
export function repairDirectoryBelow(anchor: Anchor, name: string): void {
  const fd = openSync(below(anchor, name), O_PATH | O_NOFOLLOW | O_DIRECTORY);
  try {
    const stats = fstatSync(fd);
    if (!isUsableDirectory(stats)) chmodSync(`/proc/self/fd/${fd}`, (stats.mode & 0o777) | 0o700);
  } finally {
    closeSync(fd);
  }
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const cause = coerceError(error);
  return 'code' in cause && typeof cause.code === 'string' && codes.includes(cause.code);
}
