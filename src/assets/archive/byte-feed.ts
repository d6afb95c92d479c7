/**
 * A computation that takes bytes which come from elsewhere: it yields when it needs more than are there, and goes on when
 * some were fed or the stream ended. Unlike a promise for each piece, that costs nothing where the bytes are there.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** The bytes of a stream, as they are fed, for a computation in steps. */
export interface ByteFeed {
  /** Gives the next bytes, after those before were taken. They are not to be changed any more. */
  feed(bytes: Buffer): void;
  /** No more will come. */
  end(): void;
  /** `length` bytes, or what is left of the stream when it ends before. */
  take(length: number): Steps<Buffer>;
  /** Up to `length` bytes as they come, never empty; undefined at the end of the stream. */
  takeSome(length: number): Steps<Buffer | undefined>;
}

export function createByteFeed(): ByteFeed {
  let rest: Buffer = Buffer.alloc(0);
  let isEnded = false;

  const takeNow = (length: number): Buffer => {
    const taken = rest.subarray(0, length);
    rest = rest.subarray(taken.length);
    return taken;
  };

  function* takeSome(length: number): Steps<Buffer | undefined> {
    while (rest.length === 0) {
      if (isEnded) return undefined;
      yield;
    }
    return takeNow(length);
  }

  return {
    feed: (bytes) => {
      if (rest.length > 0) throw new Error('Cannot feed bytes: those before were not taken');
      rest = bytes;
    },
    end: () => {
      isEnded = true;
    },
    *take(length) {
      if (rest.length >= length) return takeNow(length);
      const parts: Buffer[] = [];
      for (let missing = length; missing > 0; ) {
        const part = yield* takeSome(missing);
        if (part === undefined) break;
        parts.push(part);
        missing -= part.length;
      }
      return Buffer.concat(parts);
    },
    takeSome,
  };
}
