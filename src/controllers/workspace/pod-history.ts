import { ANNOTATIONS } from '../../apis/v1alpha1/names.ts';
import { keyOf, keyString, type ObjectKey } from '../../kube/objects.ts';
import type { ObservedPod } from './observed.ts';
import { quickEnds } from './restart-backoff.ts';

/** A Pod that ended by itself. */
export interface EndedPod {
  readonly specHash: string | undefined;
  /** How many Pods in a row ended soon, up to this one. */
  readonly quickEnds: number;
}

/**
 * What the next Pod of a Workspace has to know of the one before, for the moment in which there is neither. Losing this loses
 * the length of one pause in a crash loop, nothing else.
 */
export class PodHistory {
  readonly #ended = new Map<string, EndedPod>();

  /** Told of every change of a Pod. One that was taken away, and one that is there, leave nothing to be remembered. */
  note(before: ObservedPod | undefined, after: ObservedPod | undefined): void {
    const pod = after ?? before;
    if (pod === undefined) return;
    const key = keyString(keyOf(pod));
    if (after !== undefined || pod.ranMs === undefined) this.#ended.delete(key);
    else
      this.#ended.set(key, { specHash: pod.metadata.annotations?.[ANNOTATIONS.specHash], quickEnds: quickEnds(pod) });
  }

  get(key: ObjectKey): EndedPod | undefined {
    return this.#ended.get(keyString(key));
  }

  forget(key: ObjectKey): void {
    this.#ended.delete(keyString(key));
  }
}
