import { ANNOTATIONS, CONTAINERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { deliveredDigest } from './assets-status.ts';
import type { Explanation } from './change.ts';
import { specHash } from './desired.ts';
import type { WorkspaceIntent } from './intent.ts';
import type { ObservedPod } from './observed.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

/**
 * Why a Pod that runs has to be replaced by another; undefined when it is as wanted, or can be put right where it is. Secrets
 * that are not known now, and a Pod that does not say with which it was started, are no reason: the first is a failing
 * apiserver, the second is given the annotation and compared from then on.
 */
export function findDrift(
  snapshot: WorkspaceSnapshot,
  pod: ObservedPod,
  intent: WorkspaceIntent,
): Explanation | undefined {
  const { [ANNOTATIONS.specHash]: madeFrom, [ANNOTATIONS.secretsHash]: startedWith } = pod.metadata.annotations ?? {};
  if (madeFrom !== specHash(intent)) {
    const message = 'The Pod is replaced, because it is not what the Workspace and its Org ask for now';
    return { reason: REASONS.replacing, message };
  }
  const edited = editedContainer(snapshot, pod, intent);
  if (edited !== undefined) {
    const message = `The Pod is replaced, because somebody changed the image of its container ${edited}`;
    return { reason: REASONS.replacing, message };
  }
  if (intent.secretsHash !== undefined && startedWith !== undefined && startedWith !== intent.secretsHash) {
    const message = 'The Pod is replaced, because a Secret that spec.env names was changed since the agent started';
    return { reason: REASONS.secretsRotated, message };
  }
  if (intent.template?.rollout === 'Immediate' && deliveredDigest(snapshot, pod) !== intent.template.digest) {
    const message = 'The Pod is replaced, because its template has another revision that is to be rolled out at once';
    return { reason: REASONS.rollingOut, message };
  }
  return undefined;
}

/** Images alone of all fields that matter can be edited in a Pod; admission may choose others at its creation, which is no edit. */
function editedContainer(
  { settings }: WorkspaceSnapshot,
  { editedImages = {} }: ObservedPod,
  intent: WorkspaceIntent,
): string | undefined {
  const wanted = { [CONTAINERS.agent]: intent.image, [CONTAINERS.materialize]: settings.programImage };
  return Object.entries(wanted).find(([name, image]) => (editedImages[name] ?? image) !== image)?.[0];
}
