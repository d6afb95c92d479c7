import { ANNOTATIONS } from '../../apis/v1alpha1/names.ts';
import type { ObservedPod } from './observed.ts';

/**
 * Where nodes cannot restart an agent in place, every end of it costs a Pod. How many in a row ended soon stands in an
 * annotation of each Pod that is made, so that the pauses grow over restarts of the operator too and no write is spent on it.
 */

const FIRST_REST_MS = 10_000;
const LONGEST_REST_MS = 300_000;
/** An agent that ran this long is not in a crash loop. */
const SETTLED_MS = 600_000;
/** Quick ends in a row from which on it is called a crash loop. */
const CRASH_LOOP = 2;

/** How many Pods in a row ended soon after they began, this one included if it has ended. */
export function quickEnds(pod: ObservedPod): number {
  const before = Number.parseInt(pod.metadata.annotations?.[ANNOTATIONS.quickEnds] ?? '', 10);
  const earlier = Number.isSafeInteger(before) && before > 0 ? before : 0;
  if (pod.ranMs === undefined) return earlier;
  return pod.ranMs >= SETTLED_MS ? 0 : earlier + 1;
}

export function isInCrashLoop(pod: ObservedPod): boolean {
  return quickEnds(pod) >= CRASH_LOOP;
}

/**
 * Milliseconds until the next Pod may be made in place of one that has ended: 10 s after the start of the first that ended
 * soon, doubling to five minutes. Never longer than that, however far the clocks of operator and apiserver are apart.
 */
export function restMs(pod: ObservedPod, now: Date): number {
  const ends = quickEnds(pod);
  if (ends === 0) return 0;
  const pauseMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(ends - 1, 10));
  const leftMs = Date.parse(pod.metadata.creationTimestamp ?? '') + pauseMs - now.getTime();
  return Math.max(0, Math.min(pauseMs, leftMs));
}
