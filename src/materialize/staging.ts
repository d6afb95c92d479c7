import { closeSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { RESERVED_FOLDER } from '../rules/asset-path.ts';
import {
  type Anchor,
  below,
  isStillAt,
  isUsableDirectory,
  lstatBelow,
  openDirectoryBelow,
  type Root,
} from './anchored.ts';
import { discardInto, emptyTrash, openOwnDirectory, uniqueName, unlinkBelow } from './own-folder.ts';

/** Where folders are taken apart that have to go. */
export const TRASH_FOLDER = 'trash';
const STAGING_FOLDER = /^staging-[0-9a-f]{16}$/;
const STAGED_FILE = /^file-[0-9a-f]{16}$/;

/** Our folder on the volume while a run writes. */
export interface StagingArea {
  /** The reserved folder itself. */
  readonly own: Anchor;
  /** Below it, of this run alone: complete files wait here for their place. */
  readonly folder: Anchor;
  readonly name: string;
  /** False once somebody replaced the reserved folder: what we hold is no longer what is reached by its name. */
  isInPlace(): boolean;
  /** Deletes whatever is at a name, however deep, and never through a link. */
  discard(anchor: Anchor, name: string): void;
  /** Removes what was staged and not placed. */
  close(): void;
}

/** Makes the folders that are not there, and removes what an earlier run left behind that was cut off. */
export function openStagingArea(root: Root): StagingArea {
  using opened = new DisposableStack();
  const hold = (anchor: Anchor): Anchor => opened.adopt(anchor, ({ fd }) => closeSync(fd));
  const own = hold(openOwnDirectory(root, RESERVED_FOLDER, unlinkBelow));
  const trash = hold(openOwnDirectory(own, TRASH_FOLDER, unlinkBelow));
  const discard = (anchor: Anchor, name: string): void => discardInto(trash, { anchor, name });
  emptyTrash(trash);
  for (const name of readdirSync(below(own, '.'))) if (isLeftover(own, name)) discard(own, name);
  const name = uniqueName('staging');
  mkdirSync(below(own, name), 0o700);
  const folder = hold(openOwnDirectory(own, name, unlinkBelow));
  const held = opened.move();
  return {
    own,
    folder,
    name,
    isInPlace: () => isStillAt(own, root, RESERVED_FOLDER),
    discard,
    close: () => {
      using _held = held;
      discard(own, name);
      rmdirSync(below(own, TRASH_FOLDER));
    },
  };
}

/** Is it a staging folder as a run of ours leaves it? It has regular files under names of ours, each with one name. */
export function isLeftover(own: Anchor, name: string): boolean {
  const stats = STAGING_FOLDER.test(name) ? lstatBelow(own, name) : undefined;
  if (stats?.isDirectory() !== true || !isUsableDirectory(stats)) return false;
  const folder = openDirectoryBelow(own, name);
  try {
    return readdirSync(below(folder, '.')).every((child) => {
      const staged = lstatBelow(folder, child);
      return staged === undefined || (STAGED_FILE.test(child) && staged.isFile() && staged.nlink === 1);
    });
  } finally {
    closeSync(folder.fd);
  }
}
