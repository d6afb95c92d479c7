import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  opendirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { parentsOf, RESERVED_FOLDER } from '../rules/asset-path.ts';
import {
  type Anchor,
  below,
  hasCode,
  isUsableDirectory,
  lstatBelow,
  openAnchor,
  openFileBelow,
  repairDirectoryBelow,
  withDirectory,
} from './anchored.ts';
import { discardInto, emptyTrash, openOwnDirectory, uniqueName, unlinkBelow } from './own-folder.ts';
import type { Observation, Observed } from './plan.ts';

/** Bytes to be written: part of an open file that nobody else can change, or a buffer. */
export type StagedContent =
  | { readonly kind: 'range'; readonly fd: number; readonly position: number; readonly sizeBytes: number }
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

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
  /** Renames what is there into `.molecule/displaced`; an older one displaced from the same path goes. */
  displace(path: string): void;
  makeDirectory(path: string): void;
  repairDirectory(path: string): void;
  removeDirectory(path: string): void;
  prune(path: string): void;
  /** A descriptor to read the regular file from, or undefined; the caller closes it. */
  openFile(path: string): number | undefined;
  /** Makes every rename so far durable. */
  sync(): void;
  /** Removes what was staged and not placed. */
  close(): void;
}

const CHUNK_BYTES = 256 * 1024;
const STAGING_PREFIX = 'staging-';

/** @throws the error of the file system when `path` is no directory that we can use */
export function openVolume(path: string): Volume {
  const root = openAnchor(path);
  const touched = new Set<string>();
  let staging:
    | { readonly own: Anchor; readonly trash: Anchor; readonly folder: Anchor; readonly name: string }
    | undefined;

  /** Our folder is made at the first write, so that a volume in order is only read. */
  const stagingArea = (): NonNullable<typeof staging> => {
    if (staging !== undefined) return staging;
    const own = openOwnDirectory(root, RESERVED_FOLDER, unlinkBelow);
    const trash = openOwnDirectory(own, 'trash', unlinkBelow);
    emptyTrash(trash);
    for (const name of readdirSync(below(own, '.'))) {
      if (name.startsWith(STAGING_PREFIX)) discardInto(trash, { anchor: own, name });
    }
    const name = uniqueName('staging');
    mkdirSync(below(own, name), 0o700);
    const folder = openOwnDirectory(own, name, unlinkBelow);
    staging = { own, trash, folder, name };
    return staging;
  };

  const withParent = <T>(path: string, use: (parent: Anchor, name: string) => T): T => {
    const components = path.split('/');
    const name = components.pop() ?? '';
    return withDirectory(root, components, (parent) => use(parent, name));
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
      if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return { kind: 'hidden' };
      throw error;
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
    place: (staged, path) =>
      change(path, (parent, name) => renameSync(below(stagingArea().folder, staged.name), below(parent, name))),
    displace: (path) => {
      const { own, trash } = stagingArea();
      const discard = (anchor: Anchor, name: string): void => discardInto(trash, { anchor, name });
      const components = ['displaced', ...path.split('/')];
      const name = components.pop() ?? '';
      let aside = own;
      for (const component of components) {
        const next = openOwnDirectory(aside, component, discard);
        if (aside !== own) closeSync(aside.fd);
        aside = next;
      }
      try {
        discard(aside, name);
        change(path, (parent, current) => {
          if (lstatBelow(parent, current)?.isDirectory() === true) repairDirectoryBelow(parent, current);
          renameSync(below(parent, current), below(aside, name));
        });
      } finally {
        closeSync(aside.fd);
      }
    },
    makeDirectory: (path) => change(path, (parent, name) => mkdirSync(below(parent, name), 0o755)),
    repairDirectory: (path) => change(path, repairDirectoryBelow),
    removeDirectory: (path) => change(path, (parent, name) => rmdirSync(below(parent, name))),
    prune: (path) => change(path, unlinkBelow),
    openFile: (path) => {
      try {
        return withParent(path, openFileBelow);
      } catch (error) {
        if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return undefined;
        throw error;
      }
    },
    sync: () => {
      for (const path of touched) syncDirectory(root, path);
      touched.clear();
    },
    close: () => {
      if (staging !== undefined) {
        const { own, trash, folder, name } = staging;
        closeSync(folder.fd);
        discardInto(trash, { anchor: own, name });
        closeSync(trash.fd);
        rmdirSync(below(own, 'trash'));
        closeSync(own.fd);
        staging = undefined;
      }
      closeSync(root.fd);
    },
  };
}

/** A folder that is gone by now, removed by us or by somebody else, has nothing left to be made durable. */
function syncDirectory(root: Anchor, path: string): void {
  try {
    withDirectory(root, path === '' ? [] : path.split('/'), ({ fd }) => fsyncSync(fd));
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
  }
}

function inspectBelow(
  parent: Anchor,
  { name, hashUpToBytes }: { readonly name: string; readonly hashUpToBytes: number },
): Observed {
  const stats = lstatBelow(parent, name);
  if (stats === undefined) return { kind: 'absent' };
  if (stats.isDirectory()) {
    const isUsable = isUsableDirectory(stats);
    return { kind: 'directory', isUsable, isEmpty: isUsable && isEmptyDirectory(parent, name) };
  }
  if (!stats.isFile()) return { kind: kindOf(stats) };
  try {
    const fd = openFileBelow(parent, name);
    if (fd === undefined) return { kind: 'hidden' };
    try {
      const { mode, size, nlink } = fstatSync(fd);
      const sha256 = size <= hashUpToBytes ? hashOf(fd, size) : '';
      return { kind: 'file', mode: mode & 0o7777, sizeBytes: size, sha256, links: nlink };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM')) return { kind: 'unreadable' };
    throw error;
  }
}

function isEmptyDirectory(parent: Anchor, name: string): boolean {
  return withDirectory(parent, [name], (directory) => {
    const listing = opendirSync(below(directory, '.'));
    try {
      return listing.readSync() === null;
    } finally {
      listing.closeSync();
    }
  });
}

function kindOf(stats: Stats): 'symlink' | 'fifo' | 'socket' | 'device' {
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : 'device';
}

/** Lower-case hex. Reads no further than the given size: a file that grows is not the wanted one anyway. */
export function hashOf(fd: number, sizeBytes: number): string {
  const hash = createHash('sha256');
  for (const chunk of readRange({ kind: 'range', fd, position: 0, sizeBytes })) hash.update(chunk);
  return hash.digest('hex');
}

function writeContent(fd: number, content: StagedContent): string {
  const hash = createHash('sha256');
  for (const chunk of content.kind === 'bytes' ? [content.bytes] : readRange(content)) {
    hash.update(chunk);
    for (let written = 0; written < chunk.length; ) written += writeSync(fd, chunk, written);
  }
  return hash.digest('hex');
}

/** Chunks of one buffer: each is valid until the next is asked for. Ends early where the file does. */
function* readRange({
  fd,
  position,
  sizeBytes,
}: StagedContent & { readonly kind: 'range' }): Generator<Buffer, void, void> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, sizeBytes)));
  let done = 0;
  while (done < sizeBytes) {
    const bytesRead = readSync(fd, buffer, 0, Math.min(buffer.length, sizeBytes - done), position + done);
    if (bytesRead === 0) return;
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
