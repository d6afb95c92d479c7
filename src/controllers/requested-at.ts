import { ANNOTATIONS } from '../apis/v1alpha1/names.ts';
import type { ObjectMeta } from '../kube/objects.ts';

/** The most that status.lastHandledReconcileAt holds. */
const MAX_LENGTH = 256;

/**
 * By whose word a pass is asked for: the annotation `requestedAt`, cut to what status can echo. A longer one would have the
 * whole status refused, for as long as somebody leaves it there.
 */
export function requestedAt({ annotations }: Pick<ObjectMeta, 'annotations'>): string | undefined {
  return annotations?.[ANNOTATIONS.requestedAt]?.slice(0, MAX_LENGTH);
}
