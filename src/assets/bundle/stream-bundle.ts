import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { BundleError, type BundleHead } from './format.ts';

const CHUNK_BYTES = 128 * 1024;

export interface StreamBundleOptions {
  /** Called before the stream fails because a file's bytes are not those of its hash. */
  readonly onDamage: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * The bytes of a bundle from the first to the last, each file proven before its last chunk is handed on, so that a reader
 * who counts bytes never takes a damaged bundle for a complete one. Closes the handle in every case.
 */
export async function* streamBundle(
  handle: FileHandle,
  head: BundleHead,
  { onDamage, signal }: StreamBundleOptions,
): AsyncGenerator<Buffer, void, void> {
  try {
    yield await readChunk(handle, { position: 0, length: head.contentOffset });
    let position = head.contentOffset;
    for (const file of head.tree) {
      const hash = createHash('sha256');
      const end = position + file.sizeBytes;
      while (position < end) {
        signal.throwIfAborted();
        const chunk = await readChunk(handle, { position, length: Math.min(CHUNK_BYTES, end - position) });
        hash.update(chunk);
        position += chunk.length;
        if (position === end && hash.digest('hex') !== file.sha256)
          throw new BundleError('the content of a file changed on disk');
        yield chunk;
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
