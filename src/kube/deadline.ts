import type { Clock } from '../platform/clock.ts';
import { TransportError } from './errors.ts';

/**
 * Runs `task` with a signal that follows `outer` and is aborted by a TransportError when time is up. Timer and listener
 * are gone when the task is: thousands of calls hang on one signal that lives as long as the process.
 */
export async function withDeadline<T>(
  options: { readonly clock: Clock; readonly signal: AbortSignal; readonly timeoutMs: number },
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, signal: outer, timeoutMs } = options;
  outer.throwIfAborted();
  const controller = new AbortController();
  const follow = (): void => controller.abort(outer.reason);
  const expire = (): void =>
    controller.abort(new TransportError(`Cannot get an answer of the apiserver: none within ${timeoutMs / 1000} s`));
  outer.addEventListener('abort', follow, { once: true });
  const cancel = clock.schedule(timeoutMs, expire);
  try {
    return await task(controller.signal);
  } finally {
    cancel();
    outer.removeEventListener('abort', follow);
  }
}

/** The outcome of `promise`, or a rejection with the signal's reason, whichever comes first. `promise` itself goes on. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
