import { closeSync } from 'node:fs';
import { type Anchor, isDisturbance, isStillAt, MovedError, openDirectoryBelow, type Root } from './anchored.ts';

/** The folder of a volume that was worked in last, and those above it, still open: most files lie beside the file before. */
export interface HeldFolder {
  /**
   * The folder at a path, empty for the root, which stays open until another is asked for. It was in place a moment ago:
   * whoever changes something in it asks again before each change.
   * @throws MovedError when it was moved away while it was opened; errors of the file system
   */
  at(path: string): Anchor;
  letGo(): void;
}

export function createHeldFolder(root: Root): HeldFolder {
  const chain: { readonly name: string; readonly folder: Anchor }[] = [];

  const closeFrom = (depth: number): void => {
    for (const { folder } of chain.splice(depth)) closeSync(folder.fd);
  };

  /** One component at a time and never through a link, from the deepest folder that is open on the way. */
  const descend = (path: string): Anchor => {
    const names = path.split('/');
    const known = names.findIndex((name, depth) => chain[depth]?.name !== name);
    closeFrom(known < 0 ? names.length : known);
    let folder: Anchor = chain.at(-1)?.folder ?? root;
    for (const name of names.slice(chain.length)) {
      folder = openDirectoryBelow(folder, name);
      chain.push({ name, folder });
    }
    return folder;
  };

  /** What is held is as good as what is opened anew while the kernel says that it is still at its place (V6). */
  const reuse = (path: string): Anchor | undefined => {
    try {
      const folder = descend(path);
      return isStillAt(folder, root, path) ? folder : undefined;
    } catch (error) {
      if (isDisturbance(error)) return undefined;
      throw error;
    }
  };

  return {
    at: (path) => {
      if (path === '') return root;
      const held = chain.length === 0 ? undefined : reuse(path);
      if (held !== undefined) return held;
      closeFrom(0);
      const folder = descend(path);
      assertInPlace(folder, root, path);
      return folder;
    },
    letGo: () => closeFrom(0),
  };
}

/** Refuses to go on with what is no longer reached by its path: the folder was moved elsewhere while we held it (V6). */
export function assertInPlace(folder: Anchor, root: Root, path: string): void {
  if (path !== '' && !isStillAt(folder, root, path))
    throw new MovedError(`Cannot write to volume: ${path} was moved away`);
}
