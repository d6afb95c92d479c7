/** Lets so many run at once and so many wait for their turn. */
export interface Limiter {
  /** Resolves to a function that ends the turn (calling it again does nothing); undefined when too many wait already. */
  enter(signal: AbortSignal): Promise<(() => void) | undefined>;
}

/** First come, first served. Aborting while waiting rejects with the signal's reason and gives the place to the next. */
export function createLimiter({ running, waiting }: { readonly running: number; readonly waiting: number }): Limiter {
  let active = 0;
  const queue: (() => void)[] = [];

  const turn = (): (() => void) => {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const next = queue.shift();
      if (next === undefined) active -= 1;
      else next();
    };
  };

  return {
    enter: async (signal) => {
      signal.throwIfAborted();
      if (active < running) {
        active += 1;
        return turn();
      }
      if (queue.length >= waiting) return undefined;
      await new Promise<void>((resolve, reject) => {
        const onTurn = (): void => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        const onAbort = (): void => {
          queue.splice(queue.indexOf(onTurn), 1);
          reject(signal.reason);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        queue.push(onTurn);
      });
      return turn();
    },
  };
}
