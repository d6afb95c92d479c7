import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import {
  type Anchor,
  below,
  hasCode,
  isUsableDirectory,
  lstatBelow,
  type Name,
  openDirectoryBelow,
  repairDirectoryBelow,
} from './anchored.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';

/**
 * Opens a directory of ours, made if need be. What the agent may have put in its place is discarded: inside the reserved
 * folder nothing is anybody else's.
 */
export function openOwnDirectory(
  parent: Anchor,
  name: string,
  discard: (anchor: Anchor, name: string) => void,
): Anchor {
  const stats = lstatBelow(parent, name);
  if (stats !== undefined && !stats.isDirectory()) discard(parent, name);
  if (stats?.isDirectory() !== true) mkdirSync(below(parent, name), 0o755);
  else if (!isUsableDirectory(stats)) repairDirectoryBelow(parent, name);
  return openDirectoryBelow(parent, name);
}

/** A name that nobody can have put something at beforehand. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().replaceAll('-', '').slice(0, 16)}`;
}

export function unlinkBelow(anchor: Anchor, name: Name): void {
  try {
    unlinkSync(below(anchor, name));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/**
 * Deletes whatever is at a name, however deep. Folders are first moved into `trash` and taken apart there level by level,
 * so that neither depth nor a link swapped in meanwhile matters (V12): nothing is ever reached by more than one component.
 */
export function discardInto(trash: Anchor, { anchor, name }: { readonly anchor: Anchor; readonly name: Name }): void {
  if (lstatBelow(anchor, name)?.isDirectory() !== true) {
    unlinkBelow(anchor, name);
    return;
  }
  moveToTrash(trash, { anchor, name });
  emptyTrash(trash);
}

/** Deeper than anybody builds by accident. Whoever refills the trash as fast as it is emptied does not hold us for ever. */
const MAX_LEVELS = 10_000;

export function emptyTrash(trash: Anchor): void {
  for (let level = 0; level < MAX_LEVELS; level++) {
    const names = childrenOf(trash);
    if (names.length === 0) return;
    for (const name of names) {
      if (lstatBelow(trash, name)?.isDirectory() !== true) unlinkBelow(trash, name);
      else takeApart(trash, name);
    }
  }
  throw new MaterializeError(EXIT.tryAgain, 'Cannot heal volume: somebody keeps filling our folder on it');
}

function takeApart(trash: Anchor, name: Name): void {
  repairDirectoryBelow(trash, name);
  const folder = openDirectoryBelow(trash, name);
  try {
    for (const child of childrenOf(folder)) {
      if (lstatBelow(folder, child)?.isDirectory() === true) moveToTrash(trash, { anchor: folder, name: child });
      else unlinkBelow(folder, child);
    }
  } finally {
    closeSync(folder.fd);
  }
  rmdirSync(below(trash, name));
}

/** As bytes: a name that is no UTF-8 could not be given back to the kernel as text. */
function childrenOf(directory: Anchor): readonly Buffer[] {
  return readdirSync(below(directory, '.'), { encoding: 'buffer' });
}

function moveToTrash(trash: Anchor, { anchor, name }: { readonly anchor: Anchor; readonly name: Name }): void {
  // To move a directory elsewhere one needs the right to write to it.
  repairDirectoryBelow(anchor, name);
  renameSync(below(anchor, name), below(trash, uniqueName('item')));
}
