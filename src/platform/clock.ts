/** Time as the runtime sees it, so that tests can move it. Milliseconds. */
export interface Clock {
  /** Wall clock, for what is told to people. */
  now(): Date;
  /** Never goes back; for measuring and scheduling. */
  monotonicMs(): number;
  /** Calls back once; returns how to cancel. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** Rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

export function createSystemClock(): Clock {
  return {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    schedule: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
    sleep: async (delayMs, signal) => {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => {
          clearTimeout(timer);
          reject(signal.reason);
        };
        const timer = setTimeout(() => {
          signal.removeEventListener('abort', abort);
          resolve();
        }, delayMs);
        signal.addEventListener('abort', abort, { once: true });
      });
    },
  };
}
