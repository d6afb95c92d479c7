import type { FileHandle } from 'node:fs/promises';
import { BundleError } from './format.ts';

export const BLOCK_BYTES = 256 * 1024;

export interface ReadBlocksOptions {
  readonly from: number;
  readonly to: number;
  /** For every block anew, so that one is valid until the next is asked for. @default a buffer of its own for each */
  readonly buffer?: Buffer;
  readonly signal: AbortSignal;
}

/**
 * The bytes of a bundle from `from` up to `to`, in large blocks, whatever the files are that lie in it.
 * @throws BundleError when it ends before
 */
export async function* readBlocks(
  handle: FileHandle,
  { from, to, buffer, signal }: ReadBlocksOptions,
): AsyncGenerator<Buffer, void, void> {
  for (let position = from; position < to; ) {
    signal.throwIfAborted();
    const length = Math.min(BLOCK_BYTES, to - position);
    const block = buffer ?? Buffer.allocUnsafe(length);
    const { bytesRead } = await handle.read(block, 0, length, position);
    if (bytesRead === 0) throw new BundleError('it is cut off');
    position += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}
