import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { BundleError, type BundleHead } from './format.ts';

const CHUNK_BYTES = 128 * 1024;

export interface StreamBundleOptions {
  /** The first byte to hand on; what comes before it the reader has already. */
  readonly from: number;
  /** Called before the stream fails because a file's bytes are not those of its hash. */
  readonly onDamage: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * The bytes of a bundle from `from` to the last, each file proven before its last chunk is handed on, so that a reader
 * who counts bytes never takes a damaged bundle for a complete one. A file that begins before `from` is proven as a whole,
 * one that ends before it not again. Closes the handle in every case.
 */
export async function* streamBundle(
  handle: FileHandle,
  head: BundleHead,
  { from, onDamage, signal }: StreamBundleOptions,
): AsyncGenerator<Buffer, void, void> {
  try {
    if (from < head.contentOffset) yield await readChunk(handle, { position: from, length: head.contentOffset - from });
    let position = head.contentOffset;
    for (const file of head.tree) {
      const hash = createHash('sha256');
      const end = position + file.sizeBytes;
      if (end <= from) position = end;
      while (position < end) {
        signal.throwIfAborted();
        const chunk = await readChunk(handle, { position, length: Math.min(CHUNK_BYTES, end - position) });
        hash.update(chunk);
        const known = Math.max(0, from - position);
        position += chunk.length;
        if (position === end && hash.digest('hex') !== file.sha256)
          throw new BundleError('the content of a file changed on disk');
        if (known < chunk.length) yield chunk.subarray(known);
      }
    }
  } catch (error) {
    if (error instanceof BundleError) await onDamage();
    throw error;
  } finally {
    await handle.close();
  }
}

async function readChunk(
  handle: FileHandle,
  { position, length }: { position: number; length: number },
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new BundleError('it is cut off');
    filled += bytesRead;
  }
  return buffer;
}
