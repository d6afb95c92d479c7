import { open } from 'node:fs/promises';
import { readBundleHead } from '../bundle/bundle-file.ts';
import { hashFiles } from '../bundle/hash-files.ts';
import { readBlocks } from '../bundle/read-blocks.ts';
import type { FoundFile } from './compare-files.ts';
import { beginObject, type GitHash } from './git-object.ts';

/**
 * The files of a bundle on disk, each with the id that Git would give to its bytes as they lie there.
 * @throws BundleError
 */
export async function readBlobs(path: string, hash: GitHash, signal: AbortSignal): Promise<readonly FoundFile[]> {
  await using handle = await open(path, 'r');
  const { tree, contentOffset, sizeBytes } = await readBundleHead(handle);
  const files: FoundFile[] = [];
  const hashing = hashFiles(tree, {
    begin: (file) => beginObject('blob', file.sizeBytes, hash),
    onFile: ({ path, mode }, id) => files.push({ path, mode, id }),
  });
  for await (const block of readBlocks(handle, { from: contentOffset, to: sizeBytes, signal })) hashing.take(block);
  hashing.end();
  return files;
}
