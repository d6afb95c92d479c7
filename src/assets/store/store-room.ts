import { createLimiter } from '../limiter.ts';

/** There is no room for another tree. What is kept already is served as ever. */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError';
}

export interface StoreRoomOptions {
  /** What trees and downloads under way may take on disk together. */
  readonly maxBytes: number;
  /** Lets trees go that nobody needs until the kept ones have so many bytes, or as few as can be; answers with what they have. */
  readonly shrinkTo: (bytes: number) => Promise<number>;
}

/** Room on disk for downloads, bounded by bytes. A tree in use never goes for a new one. */
export interface StoreRoom {
  /**
   * Sets so many bytes aside until the function that it resolves to is called. Waits, in turn, where only other downloads
   * are in the way.
   * @throws StoreFullError
   */
  take(bytes: number, signal: AbortSignal): Promise<() => void>;
}

export function createStoreRoom({ maxBytes, shrinkTo }: StoreRoomOptions): StoreRoom {
  const turns = createLimiter({ running: 1, waiting: Number.POSITIVE_INFINITY });
  let taken = 0;
  let changed = Promise.withResolvers<void>();

  const giveBack = (bytes: number) => (): void => {
    taken -= bytes;
    changed.resolve();
    changed = Promise.withResolvers();
  };

  const takeInTurn = async (bytes: number, signal: AbortSignal): Promise<() => void> => {
    for (;;) {
      const before = changed.promise;
      const isAlone = taken === 0;
      const kept = await shrinkTo(maxBytes - taken - bytes);
      if (kept + taken + bytes <= maxBytes) {
        taken += bytes;
        return giveBack(bytes);
      }
      if (isAlone) throw new StoreFullError('Cannot keep assets: the store is full of trees that are in use');
      await unlessAborted(before, signal);
    }
  };

  return {
    take: async (bytes, signal) => {
      if (bytes > maxBytes)
        throw new StoreFullError('Cannot keep assets: a template with this limit needs more room than the store has');
      const leave = await turns.enter(signal);
      try {
        return await takeInTurn(bytes, signal);
      } finally {
        leave?.();
      }
    },
  };
}

async function unlessAborted(event: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([event, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
