import type { WatchOptions } from '../kube/client.ts';
import type { Resource } from '../kube/objects.ts';

/** One watch, as readiness and liveness see it. */
export interface WatchState {
  readonly resource: Resource;
  readonly select: Pick<WatchOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;
  readonly hasSynced: boolean;
  readonly isFailing: boolean;
  /** Since the apiserver last said anything on it; since the start where it never did. */
  readonly silentMs: number;
}

/**
 * Bookmarks come about once a minute, and a watch that missed one and a half is made anew and may wait a minute for its
 * first: less than this would fail a healthy one. A connection that is dead is found within half a minute, by the pings
 * on it, and then the attempts to connect fail.
 */
const STALE_AFTER_MS = 150_000;
/** Every attempt to heal has had its turn several times. */
const DEAF_AFTER_MS = 300_000;

/** Why decisions must not be made from this watch's store now; undefined when it is in step with the apiserver. */
export function faultOf({ hasSynced, isFailing, silentMs }: WatchState): string | undefined {
  if (!hasSynced) return 'it has not synced';
  if (isFailing) return 'the last attempts to watch failed';
  return silentMs > STALE_AFTER_MS ? `silent for ${Math.round(silentMs / 1000)} s` : undefined;
}

/** Silent for so long that, if the apiserver can be reached at all, something in this process is broken. */
export function isDeaf({ silentMs }: WatchState): boolean {
  return silentMs > DEAF_AFTER_MS;
}
