import { ArchiveError } from './archive-error.ts';
import { type ByteFeed, createByteFeed, type Steps } from './byte-feed.ts';
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

/**
 * Takes the included files, one after the other in archive order. What it kept has to be thrown away when the reading fails.
 * An error that it throws ends the reading.
 */
export interface FileReceiver {
  begin(file: ArchiveFile): void;
  /** A piece of the file that began last; the bytes do not change afterwards. */
  take(bytes: Buffer): void;
  /** The file that began last is whole. */
  end(): void;
  /** Awaited from time to time: nothing more is read until what was taken is where it belongs. */
  drain(): Promise<void>;
}

export interface ReadArchiveOptions extends ChooserOptions {
  readonly limits: ArchiveLimits;
  readonly receiver: FileReceiver;
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
 * Guarantee: either every included file was handed to the receiver and the archive was well-formed to its last byte, or the
 * promise rejects and all of it is to be dropped.
 * @throws ArchiveError; errors of `source` and `receiver` pass through
 */
export async function readArchive(
  source: AsyncIterable<Uint8Array>,
  options: ReadArchiveOptions,
): Promise<ArchiveSummary> {
  const { limits, receiver, signal, now = () => performance.now() } = options;
  const input = createByteFeed();
  const walk = walkArchive(input, options);
  walk.next();
  for await (const chunk of gunzip(source, limits, now)) {
    signal.throwIfAborted();
    input.feed(chunk);
    walk.next();
    await receiver.drain();
  }
  input.end();
  const { done, value } = walk.next();
  if (done !== true) throw new Error('Cannot read archive: it ended and was not finished');
  return value;
}

function* walkArchive(input: ByteFeed, options: ReadArchiveOptions): Steps<ArchiveSummary> {
  const { limits, receiver } = options;
  const entries = createTarEntries(input, limits);
  const choose = createChooser(options);
  let files = 0;
  let ignored = 0;
  let assetBytes = 0;
  for (let entry = yield* entries.next(); entry !== undefined; entry = yield* entries.next()) {
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
    receiver.begin(file);
    for (let bytes = yield* entries.content(); bytes !== undefined; bytes = yield* entries.content()) {
      receiver.take(bytes);
    }
    receiver.end();
  }
  if (files === 0)
    throw new ArchiveError('NothingIncluded', { message: 'it holds no file that the template includes' });
  return { files, ignored, ...(entries.comment === undefined ? {} : { comment: entries.comment }) };
}
