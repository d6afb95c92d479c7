import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
} from 'node:fs';
import { DISPLACED_FOLDER, parentsOf, RESERVED_FOLDER } from '../rules/asset-path.ts';
import {
  type Anchor,
  below,
  closeToOthersBelow,
  hasCode,
  isDisturbance,
  isStillAt,
  lstatBelow,
  MovedError,
  type Name,
  openDirectory,
  openFileBelow,
  openRoot,
  type Root,
  repairDirectoryBelow,
  withDirectory,
} from './anchored.ts';
import { type StagedContent, writeContent } from './content.ts';
import { inspectBelow } from './inspect.ts';
import { openOwnDirectory, uniqueName, unlinkBelow } from './own-folder.ts';
import type { Observation, Observed } from './plan.ts';
import { openStagingArea, type StagingArea } from './staging.ts';
import { findTampering, type Tampering } from './tampering.ts';

export interface Staged {
  readonly name: string;
  readonly sha256: string;
}

/**
 * An agent's volume while it is being healed. Every call works on names inside it and follows no link; what another
 * writer does meanwhile can make a call fail, but never reach outside. Calls are synchronous: the program does nothing else.
 */
export interface Volume {
  /** @param paths sorted, with the folders above each; files larger than `hashUpToBytes` get an empty hash */
  observe(paths: readonly string[], options: { readonly hashUpToBytes: number }): Observation;
  /** Writes the content, durably, where the agent does not see it as an asset. */
  stage(content: StagedContent, mode: number): Staged;
  /** Renames staged content to its place, over a file that may be there. */
  place(staged: Staged, path: string): void;
  /**
   * Moves what is there into `.molecule/displaced`; an older one displaced from the same path goes. With `isReplaced` a
   * regular file keeps its own name as well, so that the path is never empty before the new file takes it.
   */
  displace(path: string, options: { readonly isReplaced: boolean }): void;
  /** Deletes what stands at a path of ours and is no directory. */
  discard(path: string): void;
  makeDirectory(path: string): void;
  /** Gives the owner all rights; of our own folder also takes the others' right to write. */
  repairDirectory(path: string): void;
  removeDirectory(path: string): void;
  prune(path: string): void;
  /** What somebody did to our own folder. */
  findTampering(): Tampering;
  /** A descriptor to read the regular file from, or undefined where none can be had; the caller closes it. */
  openFile(path: string): number | undefined;
  /** Makes every rename so far durable. */
  sync(): void;
  /** Removes what was staged and not placed. */
  unstage(): void;
  /** Unstages, and lets go of the volume. */
  close(): void;
}

/** @throws the error of the file system when `path` is no directory that we can use */
export function openVolume(path: string): Volume {
  const root = openRoot(path);
  const touched = new Set<string>();
  let staging: StagingArea | undefined;
  /** The folder that was worked in last, still open: most files lie beside the file before. */
  let held: { readonly path: string; readonly folder: Anchor } | undefined;

  /** Our folder is made at the first write, so that a volume in order is only read. */
  const stagingArea = (): StagingArea => {
    staging ??= openStagingArea(root);
    if (!staging.isInPlace()) throw new MovedError('Cannot write to volume: our folder on it was moved away');
    return staging;
  };

  const letGo = (): void => {
    const last = held;
    held = undefined;
    if (last !== undefined) closeSync(last.folder.fd);
  };

  /** What is held is as good as what is opened anew while the kernel says that it is still at its place (V6). */
  const openParent = (path: string, components: readonly string[]): Anchor => {
    if (components.length === 0) return root;
    if (held?.path !== path || !isStillAt(held.folder, root, components)) {
      letGo();
      held = { path, folder: openDirectory(root, components) };
      assertInPlace(held.folder, root, components);
    }
    return held.folder;
  };

  const withParent = <T>(path: string, use: (parent: Anchor, name: string) => T): T => {
    const components = path.split('/');
    const name = components.pop() ?? '';
    return use(openParent(components.join('/'), components), name);
  };

  const change = (path: string, use: (parent: Anchor, name: string) => void): void => {
    withParent(path, use);
    touched.add(parentsOf(path).at(-1) ?? '');
  };

  const inspect = (path: string, hashUpToBytes: number): Observed => {
    try {
      return withParent(path, (parent, name) => inspectBelow(parent, { name, hashUpToBytes }));
    } catch (error) {
      // Somebody changed a folder above while we looked: the next pass sees what came of it.
      if (isDisturbance(error)) return { kind: 'hidden' };
      throw error;
    }
  };

  const unstage = (): void => {
    const area = staging;
    staging = undefined;
    try {
      area?.close();
    } catch (error) {
      // What somebody interfered with stays, and the next run that writes removes it.
      if (!isDisturbance(error)) throw error;
    }
  };

  return {
    observe: (paths, { hashUpToBytes }) => {
      const observed = new Map<string, Observed>();
      for (const path of paths) {
        const parent = parentsOf(path).at(-1);
        const above = parent === undefined ? undefined : observed.get(parent);
        const isBlocked = above !== undefined && !(above.kind === 'directory' && above.isUsable);
        if (isBlocked) observed.set(path, { kind: above.kind === 'absent' ? 'absent' : 'hidden' });
        else observed.set(path, inspect(path, hashUpToBytes));
      }
      return observed;
    },
    stage: (content, mode) => {
      const name = uniqueName('file');
      const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
      const fd = openSync(below(stagingArea().folder, name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        const sha256 = writeContent(fd, content);
        fchmodSync(fd, mode);
        fsyncSync(fd);
        return { name, sha256 };
      } finally {
        closeSync(fd);
      }
    },
    place: (staged, path) => {
      const { folder } = stagingArea();
      change(path, (parent, name) => renameSync(below(folder, staged.name), below(parent, name)));
    },
    displace: (path, { isReplaced }) => {
      const area = stagingArea();
      const components = `${DISPLACED_FOLDER}/${path}`.split('/').slice(1);
      const name = components.pop() ?? '';
      using opened = new DisposableStack();
      let aside = area.own;
      for (const component of components) {
        aside = opened.adopt(openOwnDirectory(aside, component, area.discard), ({ fd }) => closeSync(fd));
      }
      area.discard(aside, name);
      assertInPlace(aside, root, [RESERVED_FOLDER, ...components]);
      change(path, (parent, current) => {
        const from = below(parent, current);
        const stats = lstatBelow(parent, current);
        if (stats?.isDirectory() === true) repairDirectoryBelow(parent, current);
        if (!isReplaced || stats?.isFile() !== true || !hasLinked(from, below(aside, name)))
          renameSync(from, below(aside, name));
      });
      touched.add(parentsOf(`${DISPLACED_FOLDER}/${path}`).at(-1) ?? '');
    },
    discard: (path) => change(path, unlinkBelow),
    makeDirectory: (path) => change(path, (parent, name) => mkdirSync(below(parent, name), 0o755)),
    repairDirectory: (path) =>
      change(path, (parent, name) => {
        repairDirectoryBelow(parent, name);
        if (path === RESERVED_FOLDER) closeToOthersBelow(parent, name);
      }),
    removeDirectory: (path) => change(path, (parent, name) => rmdirSync(below(parent, name))),
    prune: (path) => change(path, unlinkBelow),
    findTampering: () => findTampering(root, staging?.name),
    openFile: (path) => {
      try {
        return withParent(path, openFileBelow);
      } catch {
        return undefined;
      }
    },
    sync: () => {
      for (const path of touched) syncDirectory(root, path);
      touched.clear();
    },
    unstage,
    close: () => {
      try {
        unstage();
      } finally {
        letGo();
        closeSync(root.fd);
      }
    },
  };
}

/** Refuses to change what is no longer reached by its path: the folder was moved elsewhere while we held it (V6). */
function assertInPlace(directory: Anchor, root: Root, components: readonly string[]): void {
  if (components.length > 0 && !isStillAt(directory, root, components))
    throw new MovedError(`Cannot write to volume: ${components.join('/')} was moved away`);
}

/** False where the file system has no second names, or does not give one to us. */
function hasLinked(from: Name, to: Name): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EPERM', 'EACCES', 'EMLINK', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP')) return false;
    throw error;
  }
}

/** A folder that is gone by now, removed by us or by somebody else, has nothing left to be made durable. */
function syncDirectory(root: Anchor, path: string): void {
  try {
    withDirectory(root, path === '' ? [] : path.split('/'), ({ fd }) => fsyncSync(fd));
  } catch (error) {
    if (!isDisturbance(error)) throw error;
  }
}
