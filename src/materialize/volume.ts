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
import { DISPLACED_FOLDER, folderOf, RESERVED_FOLDER } from '../rules/asset-path.ts';
import {
  type Anchor,
  below,
  closeToOthersBelow,
  hasCode,
  isDisturbance,
  lstatBelow,
  MovedError,
  type Name,
  openFileBelow,
  openRoot,
  repairDirectoryBelow,
} from './anchored.ts';
import { type StagedContent, writeContent } from './content.ts';
import { assertInPlace, createHeldFolder } from './held-folder.ts';
import { inspectBelow, type Look } from './inspect.ts';
import { openOwnDirectory, uniqueName, unlinkBelow } from './own-folder.ts';
import type { Observation, Observed } from './plan.ts';
import { openStagingArea, type StagingArea } from './staging.ts';
import { findTampering, type Tampering } from './tampering.ts';

export interface ObserveOptions {
  /** A larger file gets an empty hash. */
  readonly hashUpToBytes: number;
  /** Folders that may have to go: whether they are empty is looked at in these alone. */
  readonly removable?: ReadonlySet<string>;
}

export interface Staged {
  readonly name: string;
  readonly sha256: string;
}

/**
 * An agent's volume while it is being healed. Every call works on names inside it and follows no link; what another
 * writer does meanwhile can make a call fail, but never reach outside. Calls are synchronous: the program does nothing else.
 */
export interface Volume {
  /** @param paths sorted, with the folders above each */
  observe(paths: readonly string[], options: ObserveOptions): Observation;
  /** Writes the content where the agent does not see it as an asset. */
  stage(content: StagedContent, mode: number): Staged;
  /**
   * Makes what is staged durable: all of it at once, which costs a journalling file system far less than each by itself. A
   * disk that turns out to be full says so here, before anything in place is touched.
   */
  settle(): void;
  /** Renames staged content, settled before, to its place, over a file that may be there. */
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
  /** Staged and still open: not durable yet. */
  const unsettled: number[] = [];
  const held = createHeldFolder(root);
  let staging: StagingArea | undefined;

  /** Our folder is made at the first write, so that a volume in order is only read. */
  const stagingArea = (): StagingArea => {
    staging ??= openStagingArea(root);
    return staging;
  };

  /** Before anything in place is touched: what is displaced has to be found where people look for it. */
  const stagingAreaInPlace = (): StagingArea => {
    const area = stagingArea();
    if (!area.isInPlace()) throw new MovedError('Cannot write to volume: our folder on it was moved away');
    return area;
  };

  const withParent = <T>(path: string, use: (parent: Anchor, name: string) => T): T => {
    const folder = folderOf(path);
    return use(held.at(folder), nameIn(folder, path));
  };

  const change = (path: string, use: (parent: Anchor, name: string) => void): void => {
    withParent(path, use);
    touched.add(folderOf(path));
  };

  /** All that one folder holds of the paths. Whether it was in place all the while is asked of the kernel once, behind them. */
  const inspectAll = (folder: string, paths: readonly string[], options: ObserveOptions): Observation => {
    const { hashUpToBytes, removable } = options;
    try {
      const parent = held.at(folder);
      const found = new Map<string, Observed>();
      for (const path of paths) {
        const asksEmpty = removable?.has(path) === true;
        found.set(path, inspect(parent, { name: nameIn(folder, path), hashUpToBytes, asksEmpty }));
      }
      assertInPlace(parent, root, folder);
      return found;
    } catch (error) {
      if (isDisturbance(error)) return new Map(paths.map((path) => [path, HIDDEN]));
      throw error;
    }
  };

  /** One that is gone by now, removed by us or by somebody else, has nothing left to be made durable. */
  const syncFolder = (path: string): void => {
    try {
      fsyncSync(held.at(path).fd);
    } catch (error) {
      if (!isDisturbance(error)) throw error;
    }
  };

  const closeUnsettled = (): void => {
    for (const fd of unsettled.splice(0)) closeSync(fd);
  };

  const settle = (): void => {
    if (unsettled.length === 0) return;
    stagingAreaInPlace();
    for (const fd of unsettled) fsyncSync(fd);
    closeUnsettled();
  };

  const unstage = (): void => {
    const area = staging;
    staging = undefined;
    closeUnsettled();
    try {
      area?.close();
    } catch (error) {
      // What somebody interfered with stays, and the next run that writes removes it.
      if (!isDisturbance(error)) throw error;
    }
  };

  return {
    observe: (paths, options) => {
      const observed = new Map<string, Observed>();
      for (const [folder, group] of Map.groupBy(paths, folderOf)) {
        const above = observed.get(folder);
        const isBlocked = above !== undefined && !(above.kind === 'directory' && above.isUsable);
        if (isBlocked) for (const path of group) observed.set(path, above.kind === 'absent' ? above : HIDDEN);
        else for (const [path, found] of inspectAll(folder, group, options)) observed.set(path, found);
      }
      return observed;
    },
    stage: (content, mode) => {
      const name = uniqueName('file');
      const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
      const fd = openSync(below(stagingArea().folder, name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      unsettled.push(fd);
      const sha256 = writeContent(fd, content);
      fchmodSync(fd, mode);
      if (unsettled.length === MAX_UNSETTLED) settle();
      return { name, sha256 };
    },
    settle,
    place: (staged, path) => {
      settle();
      const { folder } = stagingArea();
      change(path, (parent, name) => renameSync(below(folder, staged.name), below(parent, name)));
    },
    displace: (path, { isReplaced }) => {
      const area = stagingAreaInPlace();
      const components = `${DISPLACED_FOLDER}/${path}`.split('/').slice(1);
      const name = components.pop() ?? '';
      using opened = new DisposableStack();
      let aside = area.own;
      for (const component of components) {
        aside = opened.adopt(openOwnDirectory(aside, component, area.discard), ({ fd }) => closeSync(fd));
      }
      area.discard(aside, name);
      assertInPlace(aside, root, [RESERVED_FOLDER, ...components].join('/'));
      change(path, (parent, current) => {
        const from = below(parent, current);
        const stats = lstatBelow(parent, current);
        if (stats?.isDirectory() === true) repairDirectoryBelow(parent, current);
        if (!isReplaced || stats?.isFile() !== true || !hasLinked(from, below(aside, name)))
          renameSync(from, below(aside, name));
      });
      touched.add(folderOf(`${DISPLACED_FOLDER}/${path}`));
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
        return withParent(path, (parent, name) => openFileBelow(parent, name)?.fd);
      } catch {
        return undefined;
      }
    },
    sync: () => {
      for (const path of touched) syncFolder(path);
      touched.clear();
    },
    unstage,
    close: () => {
      try {
        unstage();
      } finally {
        held.letGo();
        closeSync(root.fd);
      }
    },
  };
}

/** Far below what a process may hold open, and enough that what a journal costs is shared. */
const MAX_UNSETTLED = 256;

const HIDDEN: Observed = { kind: 'hidden' };

function inspect(parent: Anchor, look: Look): Observed {
  try {
    return inspectBelow(parent, look);
  } catch (error) {
    // Somebody changed it while we looked: the next pass sees what came of it.
    if (isDisturbance(error)) return HIDDEN;
    throw error;
  }
}

function nameIn(folder: string, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
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
