import type { FileHandle } from 'node:fs/promises';

const BLOCK_BYTES = 256 * 1024;

/** Writes a file from its beginning in large blocks, however small the pieces are that it is given. */
export interface BlockWriter {
  /** How many bytes were given. */
  readonly position: number;
  /** Copies the bytes, without waiting. */
  write(bytes: Buffer): void;
  /**
   * Begins to write the full blocks, and resolves when those of the call before are written: no more is held in memory than
   * what was given in between. Not to be called again before it resolves.
   */
  drain(): Promise<void>;
  /** Writes all of it. */
  flush(): Promise<void>;
}

export function createBlockWriter(handle: FileHandle): BlockWriter {
  const spare: Buffer[] = [];
  let full: Buffer[] = [];
  let writing = Promise.resolve();
  let block: Buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  let filled = 0;
  let position = 0;
  let written = 0;

  const writeOut = async (bytes: Buffer): Promise<void> => {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, written);
      done += bytesWritten;
      written += bytesWritten;
    }
  };

  const writeBlocks = async (blocks: readonly Buffer[]): Promise<void> => {
    for (const bytes of blocks) await writeOut(bytes);
    spare.push(...blocks);
  };

  const drain = async (): Promise<void> => {
    await writing;
    writing = writeBlocks(full);
    full = [];
    // Whoever drains or flushes next hears of it.
    writing.catch(() => undefined);
  };

  return {
    get position() {
      return position;
    },
    write: (bytes) => {
      position += bytes.length;
      for (let taken = 0; taken < bytes.length; ) {
        const copied = bytes.copy(block, filled, taken);
        filled += copied;
        taken += copied;
        if (filled < BLOCK_BYTES) break;
        full.push(block);
        block = spare.pop() ?? Buffer.allocUnsafe(BLOCK_BYTES);
        filled = 0;
      }
    },
    drain,
    flush: async () => {
      await drain();
      await writing;
      await writeOut(block.subarray(0, filled));
      filled = 0;
    },
  };
}
