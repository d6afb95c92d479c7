import type { FileHandle } from 'node:fs/promises';

const BLOCK_BYTES = 256 * 1024;

export interface Range {
  readonly offset: number;
  readonly length: number;
}

/**
 * The bytes of many ranges of a file, in the order given, in large blocks: what goes into one block is read at once, and
 * neighbours as one, so that ten thousand small files cost tens of waits and not ten thousand. A block is to be used up
 * before the next is asked for.
 */
export async function* gather(handle: FileHandle, ranges: Iterable<Range>): AsyncGenerator<Buffer, void, void> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let wanted: Range[] = [];
  let filled = 0;
  for (const range of ranges) {
    let { offset, length } = range;
    while (length > 0) {
      const part = { offset, length: Math.min(length, BLOCK_BYTES - filled) };
      const last = wanted.at(-1);
      if (last !== undefined && last.offset + last.length === offset) {
        wanted[wanted.length - 1] = { offset: last.offset, length: last.length + part.length };
      } else {
        wanted.push(part);
      }
      filled += part.length;
      offset += part.length;
      length -= part.length;
      if (filled < BLOCK_BYTES) continue;
      await readAll(handle, wanted, block);
      yield block;
      wanted = [];
      filled = 0;
    }
  }
  await readAll(handle, wanted, block);
  if (filled > 0) yield block.subarray(0, filled);
}

async function readAll(handle: FileHandle, ranges: readonly Range[], target: Buffer): Promise<void> {
  let at = 0;
  const reads = ranges.map(({ offset, length }) => {
    const part = target.subarray(at, at + length);
    at += length;
    return readExactly(handle, part, offset);
  });
  await Promise.all(reads);
}

async function readExactly(handle: FileHandle, target: Buffer, offset: number): Promise<void> {
  for (let filled = 0; filled < target.length; ) {
    const { bytesRead } = await handle.read(target, filled, target.length - filled, offset + filled);
    if (bytesRead === 0) throw new Error('Cannot build bundle: its spool file was cut off');
    filled += bytesRead;
  }
}
