import { TransportError } from '../kube/errors.ts';
import type { Clock } from '../platform/clock.ts';

/** A stream that is open and says nothing. */
export class SilenceError extends TransportError {}

export interface Watchdog {
  /** Follows the given signal, and is aborted by a SilenceError after too long a silence. */
  readonly signal: AbortSignal;
  /** A sign of life. */
  touch(): void;
  close(): void;
}

/** Guards a stream that may live for minutes against one that is open and says nothing. */
export function createWatchdog(options: {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly silenceMs: number;
}): Watchdog {
  const { clock, signal, silenceMs } = options;
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal.reason);
  const expire = (): void => {
    const leftMs = touchedMs + silenceMs - clock.monotonicMs();
    if (leftMs > 0) cancel = clock.schedule(leftMs, expire);
    else controller.abort(new SilenceError(`Cannot go on with the watch: it was silent for ${silenceMs / 1000} s`));
  };
  let touchedMs = clock.monotonicMs();
  let cancel = clock.schedule(silenceMs, expire);
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    // Only a time is noted: a timer for each of thousands of events would cost more than the events.
    touch: () => {
      touchedMs = clock.monotonicMs();
    },
    close: () => {
      cancel();
      signal.removeEventListener('abort', follow);
    },
  };
}
