import { closeSync, opendirSync, type Stats } from 'node:fs';
import {
  type Anchor,
  below,
  hasCode,
  isUsableDirectory,
  lstatBelow,
  openDirectoryBelow,
  openFileBelow,
} from './anchored.ts';
import { hashOf } from './content.ts';
import type { Observed } from './plan.ts';

export interface Look {
  readonly name: string;
  /** Of a file larger than that nothing is read. */
  readonly hashUpToBytes: number;
  /** Whether a folder is empty costs three calls more; not asked, it counts as not empty. */
  readonly asksEmpty: boolean;
}

/** What stands at a name. No link is followed and no FIFO waited for. */
export function inspectBelow(parent: Anchor, { name, hashUpToBytes, asksEmpty }: Look): Observed {
  const stats = lstatBelow(parent, name);
  if (stats === undefined) return { kind: 'absent' };
  if (stats.isDirectory()) {
    const isUsable = isUsableDirectory(stats);
    return { kind: 'directory', isUsable, isEmpty: asksEmpty && isUsable && isEmptyDirectory(parent, name) };
  }
  if (!stats.isFile()) return { kind: kindOf(stats) };
  try {
    const file = openFileBelow(parent, name, stats);
    if (file === undefined) return { kind: 'hidden' };
    try {
      const { mode, size, nlink } = file.stats;
      const sha256 = size <= hashUpToBytes ? hashOf(file.fd, size) : '';
      return { kind: 'file', mode: mode & 0o7777, sizeBytes: size, sha256, links: nlink };
    } finally {
      closeSync(file.fd);
    }
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM')) return { kind: 'unreadable' };
    throw error;
  }
}

function isEmptyDirectory(parent: Anchor, name: string): boolean {
  const directory = openDirectoryBelow(parent, name);
  try {
    const listing = opendirSync(below(directory, '.'));
    try {
      return listing.readSync() === null;
    } finally {
      listing.closeSync();
    }
  } finally {
    closeSync(directory.fd);
  }
}

/** Of what is neither a directory nor a regular file. */
export function kindOf(stats: Stats): 'symlink' | 'fifo' | 'socket' | 'device' {
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : 'device';
}
