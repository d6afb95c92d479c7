import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Completes "Cannot see …" in the error's text. */
  readonly what: string;
  readonly timeoutMs: number;
  /** @default 100 */
  readonly intervalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks until the answer is neither undefined nor false, and returns it. A question that throws ends the waiting:
 * the asker decides which errors mean "not yet".
 */
export async function waitFor<T>(ask: () => Promise<T | undefined | false>, options: WaitOptions): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) {
      throw new Error(`Cannot see ${options.what}: not so after ${Math.round(options.timeoutMs / 1000)} s`);
    }
    await delay(options.intervalMs ?? 100, undefined, { signal: options.signal });
  }
}
