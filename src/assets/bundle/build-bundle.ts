import { createHash } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { IncludeSet } from '../../rules/asset-path.ts';
import { type AssetFile, type AssetTree, sortTree, treeDigest } from '../../rules/asset-tree.ts';
import { ArchiveError } from '../archive/archive-error.ts';
import { type ArchiveFile, type ArchiveLimits, readArchive } from '../archive/read-archive.ts';
import { encodeBundleHead } from './format.ts';

export interface BuildBundleOptions {
  readonly include: IncludeSet;
  readonly subPath?: string;
  readonly limits: ArchiveLimits;
  /** Where temporary files may lie; on the file system of the final place, which is reached by a rename. */
  readonly directory: string;
  /** Final name of the bundle, given its digest. */
  readonly placeOf: (digest: string) => string;
  /** The archive must be of this commit, as far as it says. Absent: whatever it is of. */
  readonly commit?: string;
  readonly signal: AbortSignal;
}

export interface BuiltBundle {
  readonly digest: string;
  readonly tree: AssetTree;
  readonly path: string;
}

/**
 * Turns a forge's archive into a bundle at its final place. Until the archive proved good to its last byte, nothing is
 * at that place; whatever happens, no temporary file is left. Bytes are spooled to disk, never held in memory.
 * @throws ArchiveError, errors of `source` and of the disk
 */
export async function buildBundle(
  source: AsyncIterable<Uint8Array>,
  options: BuildBundleOptions,
): Promise<BuiltBundle> {
  const workDirectory = await mkdtemp(join(options.directory, 'build-'));
  try {
    await using spool = await open(join(workDirectory, 'spool'), 'wx+', 0o600);
    const spooled = await spoolArchive(source, { ...options, spool });
    const tree = sortTree(spooled.map(({ file }) => file));
    const digest = treeDigest(tree);
    const finished = join(workDirectory, 'bundle');
    await writeBundle(finished, {
      tree,
      spool,
      offsets: new Map(spooled.map(({ file, offset }) => [file.path, offset])),
    });
    const path = options.placeOf(digest);
    await rename(finished, path);
    return { digest, tree, path };
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
}

interface Spooled {
  readonly file: AssetFile;
  readonly offset: number;
}

async function spoolArchive(
  source: AsyncIterable<Uint8Array>,
  options: BuildBundleOptions & { readonly spool: FileHandle },
): Promise<readonly Spooled[]> {
  const { spool } = options;
  const spooled: Spooled[] = [];
  let end = 0;
  const onFile = async (file: ArchiveFile, content: AsyncIterable<Buffer>): Promise<void> => {
    const offset = end;
    const hash = createHash('sha256');
    for await (const chunk of content) {
      hash.update(chunk);
      await writeAll(spool, { bytes: chunk, position: end });
      end += chunk.length;
    }
    spooled.push({ file: { ...file, sha256: hash.digest('hex') }, offset });
  };
  const { comment } = await readArchive(source, { ...options, onFile });
  if (options.commit !== undefined && comment !== undefined && comment !== options.commit) {
    throw new ArchiveError('WrongCommit', { message: 'it says that it is of another commit than was asked for' });
  }
  return spooled;
}

interface BundleContent {
  readonly tree: AssetTree;
  readonly spool: FileHandle;
  readonly offsets: ReadonlyMap<string, number>;
}

async function writeBundle(path: string, { tree, spool, offsets }: BundleContent): Promise<void> {
  await using bundle = await open(path, 'wx', 0o600);
  const head = encodeBundleHead(tree);
  await writeAll(bundle, { bytes: head, position: 0 });
  let position = head.length;
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (const file of tree) {
    let from = offsets.get(file.path) ?? 0;
    const to = from + file.sizeBytes;
    while (from < to) {
      const { bytesRead } = await spool.read(buffer, 0, Math.min(buffer.length, to - from), from);
      if (bytesRead === 0) throw new Error('Cannot build bundle: its spool file was cut off');
      await writeAll(bundle, { bytes: buffer.subarray(0, bytesRead), position });
      from += bytesRead;
      position += bytesRead;
    }
  }
  await bundle.sync();
}

async function writeAll(handle: FileHandle, { bytes, position }: { bytes: Buffer; position: number }): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}
