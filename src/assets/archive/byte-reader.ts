/** Pulls exact amounts out of a stream of chunks, without copying more than a caller asks to hold together. */
export interface ByteReader {
  /** `length` bytes, or what is left of the stream when it ends before. */
  take(length: number): Promise<Buffer>;
  /** Fills `target`, or as much of it as there is before the stream ends; gives the part that was filled. */
  fill(target: Buffer): Promise<Buffer>;
  /** Up to `length` bytes as they come, never empty; undefined at the end of the stream. */
  takeSome(length: number): Promise<Buffer | undefined>;
  /** Gives bytes back; the next take starts with them. */
  unread(bytes: Buffer): void;
  /** Tells the source that no more is wanted, so that it can let go of its socket. Does not wait for one that has stalled. */
  close(): Promise<void>;
}

export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let isWaiting = false;

  const readNext = async (): Promise<IteratorResult<Uint8Array>> => {
    isWaiting = true;
    try {
      return await iterator.next();
    } finally {
      isWaiting = false;
    }
  };

  const takeSome = async (length: number): Promise<Buffer | undefined> => {
    while (rest.length === 0) {
      const next = await readNext();
      if (next.done === true) return undefined;
      rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const taken = rest.subarray(0, length);
    rest = rest.subarray(taken.length);
    return taken;
  };

  const fill = async (target: Buffer): Promise<Buffer> => {
    let filled = 0;
    while (filled < target.length) {
      const part = await takeSome(target.length - filled);
      if (part === undefined) break;
      filled += part.copy(target, filled);
    }
    return target.subarray(0, filled);
  };

  return {
    take: (length) => fill(Buffer.alloc(length)),
    fill,
    takeSome,
    unread: (bytes) => {
      rest = Buffer.concat([bytes, rest]);
    },
    close: async () => {
      const closing = Promise.resolve(iterator.return?.());
      if (!isWaiting) await closing;
      // It lets go when what is waited for comes or fails, and whoever gave the source ends that wait.
      else closing.catch(() => undefined);
    },
  };
}
