import type { FileHandle } from 'node:fs/promises';

const BLOCK_BYTES = 256 * 1024;

/** Writes a file from its beginning in large blocks, however small the pieces are that it is given. */
export interface BlockWriter {
  /** How many bytes were given. */
  readonly position: number;
  /** The bytes are the caller's again when it resolves. */
  write(bytes: Buffer): Promise<void>;
  /** Writes what is still held back. */
  flush(): Promise<void>;
}

export function createBlockWriter(handle: FileHandle): BlockWriter {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let filled = 0;
  let flushed = 0;

  const flush = async (): Promise<void> => {
    for (let written = 0; written < filled; ) {
      const { bytesWritten } = await handle.write(block, written, filled - written, flushed);
      written += bytesWritten;
      flushed += bytesWritten;
    }
    filled = 0;
  };

  return {
    get position() {
      return flushed + filled;
    },
    write: async (bytes) => {
      for (let taken = 0; taken < bytes.length; ) {
        const copied = bytes.copy(block, filled, taken);
        filled += copied;
        taken += copied;
        if (filled === BLOCK_BYTES) await flush();
      }
    },
    flush,
  };
}
