import { closeSync } from 'node:fs';
import { type Anchor, isStillAt, MovedError, openDirectory, type Root } from './anchored.ts';

/** The folder of a volume that was worked in last, still open: most files lie beside the file before. */
export interface HeldFolder {
  /**
   * The folder at a path, empty for the root, which stays open until another is asked for. It is where it should be, or
   * was a moment ago: whoever goes on to use it asks again before each change.
   * @throws MovedError when it was moved away while it was opened; errors of the file system
   */
  at(path: string): Anchor;
  letGo(): void;
}

export function createHeldFolder(root: Root): HeldFolder {
  let held: { readonly path: string; readonly folder: Anchor } | undefined;

  const letGo = (): void => {
    const last = held;
    held = undefined;
    if (last !== undefined) closeSync(last.folder.fd);
  };

  return {
    at: (path) => {
      if (path === '') return root;
      // What is held is as good as what is opened anew while the kernel says that it is still at its place (V6).
      if (held?.path !== path || !isStillAt(held.folder, root, path)) {
        letGo();
        held = { path, folder: openDirectory(root, path.split('/')) };
        assertInPlace(held.folder, root, path);
      }
      return held.folder;
    },
    letGo,
  };
}

/** Refuses to go on with what is no longer reached by its path: the folder was moved elsewhere while we held it (V6). */
export function assertInPlace(folder: Anchor, root: Root, path: string): void {
  if (path !== '' && !isStillAt(folder, root, path))
    throw new MovedError(`Cannot write to volume: ${path} was moved away`);
}
