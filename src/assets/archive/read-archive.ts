import {
  findPathFault,
  findTraversal,
  type IncludeSet,
  isAboveInclude,
  isIncluded,
  parentsOf,
} from '../../rules/asset-path.ts';
import { type AssetMode, createPathRegister, type PathRegister, reduceMode } from '../../rules/asset-tree.ts';
import { ArchiveError } from './archive-error.ts';
import { createByteReader } from './byte-reader.ts';
import { gunzip } from './gunzip.ts';
import { createTarEntries, type TarEntry } from './tar-entries.ts';

export interface ArchiveLimits {
  readonly compressedBytes: number;
  readonly expandedBytes: number;
  readonly entries: number;
  readonly paxBytes: number;
  /** All included files together, and so each of them (TA-16). */
  readonly assetBytes: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  compressedBytes: 32 * 1024 * 1024,
  expandedBytes: 256 * 1024 * 1024,
  entries: 10_000,
  paxBytes: 64 * 1024,
  assetBytes: 16 * 1024 * 1024,
};

/** Raise it when the same archive can yield another tree than before: revisions read under an older one are read again. */
export const FILTER_VERSION = 1;

export interface ArchiveFile {
  readonly path: string;
  readonly mode: AssetMode;
  readonly sizeBytes: number;
}

export interface ReadArchiveOptions {
  readonly include: IncludeSet;
  /** Folder of the repository that is the template; include paths are relative to it. */
  readonly subPath?: string;
  readonly limits: ArchiveLimits;
  /** Called for each included file, in archive order. What it kept has to be thrown away when the reading fails. */
  readonly onFile: (file: ArchiveFile, content: AsyncIterable<Buffer>) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface ArchiveSummary {
  readonly files: number;
  /** The commit, where the archive was made by git. Nothing proves it. */
  readonly comment?: string;
}

/**
 * Reads a template out of a forge's tar.gz: one parser, one pass, nothing trusted and nothing repaired. Our own, since
 * archive safety is what this program exists for: general extractors resolve most malformed archives as a success and
 * differ from one another in what they find in them. (The package `tar` serves the tests as an independent writer.)
 *
 * Guarantee: either every included file was handed to `onFile` and the archive was well-formed to its last byte, or the
 * promise rejects and all of it is to be dropped.
 * Outside `include` an entry's path must still be harmless and its kind one whose length is known; more is not asked.
 * @throws ArchiveError; errors of `source` and `onFile` pass through
 */
export async function readArchive(
  source: AsyncIterable<Uint8Array>,
  options: ReadArchiveOptions,
): Promise<ArchiveSummary> {
  const { limits, signal } = options;
  const reader = createByteReader(gunzip(source, limits));
  const entries = createTarEntries(reader, limits);
  const chooser = createChooser(options);
  let files = 0;
  let assetBytes = 0;
  try {
    for (let entry = await entries.next(); entry !== undefined; entry = await entries.next()) {
      signal.throwIfAborted();
      const file = chooser.choose(entry);
      if (file === undefined) continue;
      files += 1;
      assetBytes += file.sizeBytes;
      if (assetBytes > limits.assetBytes) {
        throw new ArchiveError('AssetsTooLarge', {
          message: `the included files exceed ${limits.assetBytes} bytes`,
          path: entry.path,
        });
      }
      await options.onFile(file, entries.content());
    }
  } finally {
    await reader.close();
  }
  if (files === 0)
    throw new ArchiveError('NothingIncluded', { message: 'it holds no file that the template includes' });
  return { files, ...(entries.comment === undefined ? {} : { comment: entries.comment }) };
}

interface Chooser {
  /** The file to keep, or undefined for an entry that is not ours to judge. */
  choose(entry: TarEntry): ArchiveFile | undefined;
}

function createChooser({ include, subPath }: ReadArchiveOptions): Chooser {
  const register = createPathRegister();
  const base = subPath === undefined || subPath === '' ? '' : `${subPath}/`;
  const aboveBase = new Set(base === '' ? [] : [...parentsOf(base.slice(0, -1)), base.slice(0, -1)]);
  let topFolder: string | undefined;

  return {
    choose: (entry) => {
      const whole = entry.type === 'directory' ? entry.path.replace(/\/$/, '') : entry.path;
      const traversal = findTraversal(whole);
      if (traversal !== undefined)
        throw new ArchiveError(traversal, { message: 'it has an unsafe path', path: entry.path });
      const slash = whole.indexOf('/');
      const top = slash < 0 ? whole : whole.slice(0, slash);
      topFolder ??= top;
      if (top !== topFolder || (slash < 0 && entry.type !== 'directory')) {
        throw new ArchiveError('TopFolder', {
          message: 'it is not one folder with everything in it',
          path: entry.path,
        });
      }
      if (slash < 0) return undefined;
      const inRepository = whole.slice(slash + 1);
      if (aboveBase.has(inRepository)) return requireFolder(entry);
      if (!inRepository.startsWith(base)) return undefined;
      return judge({ entry, path: inRepository.slice(base.length), include, register });
    },
  };
}

interface Judgement {
  readonly entry: TarEntry;
  readonly path: string;
  readonly include: IncludeSet;
  readonly register: PathRegister;
}

function judge({ entry, path, include, register }: Judgement): ArchiveFile | undefined {
  const isAbove = isAboveInclude(include, path);
  if (!isAbove && !isIncluded(include, path)) return undefined;
  const fault = findPathFault(path);
  // The agent's own: even where a template carries it, it is left alone (TA-18).
  if (fault === 'PathProtected') return undefined;
  if (fault !== undefined)
    throw new ArchiveError(fault, { message: 'it has a path that cannot be an asset', path: entry.path });
  if (entry.type !== 'file' && entry.type !== 'directory') {
    throw new ArchiveError('EntryNotAllowed', { message: `it has a ${entry.type} among the assets`, path: entry.path });
  }
  if ((entry.mode & 0o7000) !== 0) {
    throw new ArchiveError('EntryNotAllowed', {
      message: 'it has a set-uid, set-gid or sticky bit among the assets',
      path: entry.path,
    });
  }
  const collision = entry.type === 'directory' ? register.addFolder(path) : register.addFile(path);
  if (collision !== undefined) {
    throw new ArchiveError(collision, { message: 'two of its entries want the same place', path: entry.path });
  }
  if (entry.type === 'directory') return undefined;
  if (isAbove) requireFolder(entry);
  return { path, mode: reduceMode(entry.mode), sizeBytes: entry.sizeBytes };
}

function requireFolder(entry: TarEntry): undefined {
  if (entry.type === 'directory') return undefined;
  throw new ArchiveError('EntryNotAllowed', {
    message: `it has a ${entry.type} where a folder of assets should be`,
    path: entry.path,
  });
}
