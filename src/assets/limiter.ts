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

/** A limit for all together, and a lower one for those with the same key. */
export interface KeyedLimiter {
  /** Resolves, once both let it, to a function that ends the turn. */
  enter(key: string, signal: AbortSignal): Promise<() => void>;
}

/** Who waits for others with the same key holds no place that somebody with another key could have. */
export function createKeyedLimiter(limits: { readonly running: number; readonly perKey: number }): KeyedLimiter {
  const all = createLimiter({ running: limits.running, waiting: Number.POSITIVE_INFINITY });
  const keys = new Map<string, { readonly limiter: Limiter; users: number }>();
  return {
    enter: async (key, signal) => {
      const known = keys.get(key);
      const own = known ?? {
        limiter: createLimiter({ running: limits.perKey, waiting: Number.POSITIVE_INFINITY }),
        users: 0,
      };
      if (known === undefined) keys.set(key, own);
      own.users += 1;
      let leaveOwn: (() => void) | undefined;
      let leaveAll: (() => void) | undefined;
      const leave = (): void => {
        leaveAll?.();
        leaveOwn?.();
        own.users -= 1;
        if (own.users === 0) keys.delete(key);
      };
      try {
        leaveOwn = await own.limiter.enter(signal);
        leaveAll = await all.enter(signal);
        return leave;
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}
