import type { FileHandle } from 'node:fs/promises';
import { BundleError, type BundleHead } from './format.ts';
import { proveFiles } from './hash-files.ts';
import { readBlocks } from './read-blocks.ts';

export interface StreamBundleOptions {
  /** The first byte to hand on; what comes before it the reader has already. */
  readonly from: number;
  /** Called before the stream fails because a file's bytes are not those of its hash. */
  readonly onDamage: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * The bytes of a bundle from `from` to the last, each file proven before its last byte is handed on, so that a reader
 * who counts bytes never takes a damaged bundle for a complete one. A file that begins before `from` is proven as a whole,
 * one that ends before it not again. Closes the handle in every case.
 */
export async function* streamBundle(
  handle: FileHandle,
  head: BundleHead,
  { from, onDamage, signal }: StreamBundleOptions,
): AsyncGenerator<Buffer, void, void> {
  try {
    yield* readBlocks(handle, { from, to: head.contentOffset, signal });
    const { position, files } = skipFiles(head, from);
    const proof = proveFiles(files);
    let known = Math.max(0, from - position);
    for await (const block of readBlocks(handle, { from: position, to: head.sizeBytes, signal })) {
      proof.take(block);
      if (known < block.length) yield block.subarray(known);
      known = Math.max(0, known - block.length);
    }
    proof.end();
  } catch (error) {
    if (error instanceof BundleError) await onDamage();
    throw error;
  } finally {
    await handle.close();
  }
}

/** The files that do not end before `from`, and where the first of them begins. */
function skipFiles({ tree, contentOffset }: BundleHead, from: number): { position: number; files: BundleHead['tree'] } {
  let position = contentOffset;
  for (const [index, { sizeBytes }] of tree.entries()) {
    if (position + sizeBytes > from) return { position, files: tree.slice(index) };
    position += sizeBytes;
  }
  return { position, files: [] };
}
