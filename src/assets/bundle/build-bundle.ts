import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AssetFile, type AssetTree, sortTree, treeDigest } from '../../rules/asset-tree.ts';
import { ArchiveError } from '../archive/archive-error.ts';
import type { ArchiveFile, ChooserOptions } from '../archive/choose-files.ts';
import { type ArchiveLimits, type FileReceiver, readArchive } from '../archive/read-archive.ts';
import { type BlockWriter, createBlockWriter } from './block-writer.ts';
import { encodeBundleHead } from './format.ts';
import { gather } from './gather.ts';

export interface BuildBundleOptions extends ChooserOptions {
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
  /** What the archive holds outside `include` that is neither file nor folder. */
  readonly ignored: number;
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
    const { spooled, ignored } = await spoolArchive(source, { ...options, spool });
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
    return { digest, tree, path, ignored };
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
): Promise<{ readonly spooled: readonly Spooled[]; readonly ignored: number }> {
  const writer = createBlockWriter(options.spool);
  const receiver = createSpoolReceiver(writer);
  const { comment, ignored } = await readArchive(source, { ...options, receiver });
  await writer.flush();
  if (options.commit !== undefined && comment !== undefined && comment !== options.commit) {
    throw new ArchiveError('WrongCommit', { message: 'it says that it is of another commit than was asked for' });
  }
  return { spooled: receiver.spooled, ignored };
}

/** Hashes files and appends them to the spool, one behind the other. */
function createSpoolReceiver(writer: BlockWriter): FileReceiver & { readonly spooled: readonly Spooled[] } {
  const spooled: Spooled[] = [];
  let current: { readonly file: ArchiveFile; readonly offset: number; readonly hash: Hash } | undefined;
  return {
    spooled,
    begin: (file) => {
      current = { file, offset: writer.position, hash: createHash('sha256') };
    },
    take: (bytes) => {
      current?.hash.update(bytes);
      writer.write(bytes);
    },
    end: () => {
      if (current === undefined) return;
      const { file, offset, hash } = current;
      spooled.push({ file: { ...file, sha256: hash.digest('hex') }, offset });
    },
    drain: () => writer.drain(),
  };
}

interface BundleContent {
  readonly tree: AssetTree;
  readonly spool: FileHandle;
  readonly offsets: ReadonlyMap<string, number>;
}

async function writeBundle(path: string, { tree, spool, offsets }: BundleContent): Promise<void> {
  await using bundle = await open(path, 'wx', 0o600);
  const writer = createBlockWriter(bundle);
  writer.write(encodeBundleHead(tree));
  const ranges = tree.map((file) => ({ offset: offsets.get(file.path) ?? 0, length: file.sizeBytes }));
  for await (const block of gather(spool, ranges)) {
    writer.write(block);
    await writer.drain();
  }
  await writer.flush();
  await bundle.sync();
}
