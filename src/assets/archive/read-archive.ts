import { ArchiveError } from './archive-error.ts';
import { createByteReader } from './byte-reader.ts';
import { type ArchiveFile, type ChooserOptions, createChooser } from './choose-files.ts';
import { gunzip } from './gunzip.ts';
import { createTarEntries, fileTooLarge } from './tar-entries.ts';

export interface ArchiveLimits {
  readonly compressedBytes: number;
  readonly expandedBytes: number;
  readonly entries: number;
  readonly paxBytes: number;
  /** Each file, included or not. */
  readonly fileBytes: number;
  /** All included files together, and so each of them (TA-16). */
  readonly assetBytes: number;
  /**
   * Expanded bytes for each compressed one. Text that repeats itself reaches 100 and deflate ends at 1,032; between them
   * is filler, and of that no template needs megabytes.
   */
  readonly ratio: number;
  readonly readMs: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  compressedBytes: 32 * 1024 * 1024,
  expandedBytes: 256 * 1024 * 1024,
  entries: 10_000,
  paxBytes: 64 * 1024,
  fileBytes: 64 * 1024 * 1024,
  assetBytes: 16 * 1024 * 1024,
  ratio: 200,
  readMs: 30_000,
};

/** Raise it when the same archive can yield another tree than before: revisions read under an older one are read again. */
export const FILTER_VERSION = 2;

export interface ReadArchiveOptions extends ChooserOptions {
  readonly limits: ArchiveLimits;
  /** Called for each included file, in archive order. What it kept has to be thrown away when the reading fails. */
  readonly onFile: (file: ArchiveFile, content: AsyncIterable<Buffer>) => Promise<void>;
  readonly signal: AbortSignal;
  /** Monotonic. @default performance.now */
  readonly now?: () => number;
}

export interface ArchiveSummary {
  readonly files: number;
  /** Links, devices and the like outside `include`: passed over. */
  readonly ignored: number;
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
 * @throws ArchiveError; errors of `source` and `onFile` pass through
 */
export async function readArchive(
  source: AsyncIterable<Uint8Array>,
  options: ReadArchiveOptions,
): Promise<ArchiveSummary> {
  const { limits, signal, now = () => performance.now() } = options;
  const reader = createByteReader(gunzip(source, limits, now));
  const entries = createTarEntries(reader, limits);
  const choose = createChooser(options);
  let files = 0;
  let ignored = 0;
  let assetBytes = 0;
  try {
    for (let entry = await entries.next(); entry !== undefined; entry = await entries.next()) {
      signal.throwIfAborted();
      const file = choose(entry);
      if (file === undefined) {
        if (entry.type !== 'file' && entry.type !== 'directory') ignored += 1;
        continue;
      }
      files += 1;
      assetBytes += file.sizeBytes;
      if (file.sizeBytes > limits.assetBytes) throw fileTooLarge(entry, limits.assetBytes);
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
  return { files, ignored, ...(entries.comment === undefined ? {} : { comment: entries.comment }) };
}
