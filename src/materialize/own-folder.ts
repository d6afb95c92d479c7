import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import {
  type Anchor,
  below,
  hasCode,
  isUsableDirectory,
  lstatBelow,
  openDirectoryBelow,
  repairDirectoryBelow,
} from './anchored.ts';

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
  return `${prefix}-${randomBytes(8).toString('hex')}`;
}

export function unlinkBelow(anchor: Anchor, name: string): void {
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
export function discardInto(trash: Anchor, { anchor, name }: { readonly anchor: Anchor; readonly name: string }): void {
  if (lstatBelow(anchor, name)?.isDirectory() !== true) {
    unlinkBelow(anchor, name);
    return;
  }
  moveToTrash(trash, { anchor, name });
  emptyTrash(trash);
}

export function emptyTrash(trash: Anchor): void {
  for (let names = readdirSync(below(trash, '.')); names.length > 0; names = readdirSync(below(trash, '.'))) {
    for (const name of names) {
      if (lstatBelow(trash, name)?.isDirectory() !== true) unlinkBelow(trash, name);
      else takeApart(trash, name);
    }
  }
}

function takeApart(trash: Anchor, name: string): void {
  repairDirectoryBelow(trash, name);
  const folder = openDirectoryBelow(trash, name);
  try {
    for (const child of readdirSync(below(folder, '.'))) {
      if (lstatBelow(folder, child)?.isDirectory() === true) moveToTrash(trash, { anchor: folder, name: child });
      else unlinkBelow(folder, child);
    }
  } finally {
    closeSync(folder.fd);
  }
  rmdirSync(below(trash, name));
}

function moveToTrash(trash: Anchor, { anchor, name }: { readonly anchor: Anchor; readonly name: string }): void {
  // To move a directory elsewhere one needs the right to write to it.
  repairDirectoryBelow(anchor, name);
  renameSync(below(anchor, name), below(trash, uniqueName('item')));
}
