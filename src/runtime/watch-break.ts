import { ApiError, isExpired, UnreadableEventError, WatchErrorEvent } from '../kube/errors.ts';
import { SilenceError } from './watchdog.ts';

/**
 * Why a watch broke; also a metric label.
 * - expired: the version to resume from is forgotten (410, as an answer or inside the watch).
 * - error_event: the server gave the watch up in its midst.
 * - garbage: a line that is no event.
 * - silence: open, and neither an event nor a bookmark in time.
 * - refused: the server answered the request with a failure.
 * - connection: everything below HTTP.
 */
export type WatchBreak = 'expired' | 'error_event' | 'garbage' | 'silence' | 'refused' | 'connection';

export function watchBreak(error: Error): WatchBreak {
  if (isExpired(error)) return 'expired';
  if (error instanceof WatchErrorEvent) return 'error_event';
  if (error instanceof ApiError) return 'refused';
  if (error instanceof UnreadableEventError) return 'garbage';
  if (error instanceof SilenceError) return 'silence';
  return 'connection';
}

/** Whether what was received so far may be incomplete, so that resuming after it would keep a hole. */
export function needsRelist(reason: WatchBreak): boolean {
  return reason === 'expired' || reason === 'error_event' || reason === 'garbage';
}
