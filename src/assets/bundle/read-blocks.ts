import type { FileHandle } from 'node:fs/promises';
import { BundleError } from './format.ts';

const BLOCK_BYTES = 256 * 1024;

/**
 * The bytes of a file from `from` up to `to`, in large blocks, whatever the files are that lie in it. Each block is a
 * buffer of its own.
 * @throws BundleError when the file ends before
 */
export async function* readBlocks(
  handle: FileHandle,
  { from, to }: { readonly from: number; readonly to: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  for (let position = from; position < to; ) {
    signal.throwIfAborted();
    const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, to - position));
    const { bytesRead } = await handle.read(block, 0, block.length, position);
    if (bytesRead === 0) throw new BundleError('it is cut off');
    position += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}
