import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { compareQuantities } from '../../rules/quantity.ts';
import { explainRefusal } from './explain-refusal.ts';
import { type Finding, failing, good, underWay, unknown } from './finding.ts';
import type { WorkspaceIntent } from './intent.ts';
import type { ObservedPod, ObservedVolume } from './observed.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

/** Conditions of a claim whose resize the storage provider or the node has given up. */
const RESIZE_ERRORS = new Set(['ControllerResizeError', 'NodeResizeError']);
/** What the kubelet says of a container before it has looked at it. */
const BEFORE_MOUNT = new Set(['', 'ContainerCreating', 'PodInitializing']);
const ABOUT_VOLUMES = /persistentvolumeclaim|storageclass|volume/i;

type Input = Pick<WorkspaceSnapshot, 'workspace' | 'pod' | 'volume' | 'lastFailure'>;

/** Whether the volume can be used and has the wanted size, and if not, what a person can do. A Pod that runs proves its volume. */
export function findVolume(snapshot: Input, intent: WorkspaceIntent | undefined): Finding {
  const { pod, volume, lastFailure } = snapshot;
  if (volume === undefined) {
    if (lastFailure !== undefined && intent !== undefined) return explainRefusal(lastFailure.message);
    return hasMounted(pod) ? bound() : underWay(REASONS.creating, 'The volume is being created');
  }
  const { name } = volume.metadata;
  if (volume.phase === 'Lost') {
    return failing(
      REASONS.volumeLost,
      `The PersistentVolume behind the claim "${name}" is gone; restore it from a backup under its old name, or give this agent up and create another Workspace`,
    );
  }
  if (volume.metadata.deletionTimestamp !== undefined) {
    return failing(
      REASONS.volumeDeleting,
      `Somebody deleted the claim "${name}", which cannot be taken back; its data is held, but the agent cannot start on it again: copy what is needed into another Workspace`,
    );
  }
  if (volume.phase !== 'Bound' && !hasMounted(pod)) return findBinding(volume, pod);
  return findSize(snapshot, volume, intent);
}

/** The kubelet looks at a Pod's containers only once its volumes are mounted, so that what it says of one proves the volume. */
function hasMounted(pod: ObservedPod | undefined): boolean {
  if (pod === undefined) return false;
  const containers = [pod.materialize, pod.agent].filter((container) => container !== undefined);
  return pod.isReady || containers.some(({ state, reason = '' }) => state !== 'waiting' || !BEFORE_MOUNT.has(reason));
}

function findBinding({ metadata, className }: ObservedVolume, pod: ObservedPod | undefined): Finding {
  if (pod === undefined) return unknown(REASONS.volumePending, 'The volume is bound when its Pod is there');
  if (className === undefined) {
    return failing(
      REASONS.volumePending,
      'The volume has no StorageClass, and the cluster no default one; mark a StorageClass as default, or set spec.storage.className, which new Workspaces take',
    );
  }
  if (pod.unschedulable !== undefined && ABOUT_VOLUMES.test(pod.unschedulable)) {
    return failing(
      REASONS.volumePending,
      `The volume is not bound: ${pod.unschedulable}; check the StorageClass "${className}", and see why: kubectl describe pvc ${metadata.name}`,
    );
  }
  return unknown(
    REASONS.volumePending,
    `The StorageClass "${className}" has not provided the volume yet; where that lasts, see why: kubectl describe pvc ${metadata.name}`,
  );
}

function findSize(
  { workspace, pod, lastFailure }: Input,
  { metadata, requested, capacity, resizes }: ObservedVolume,
  intent: WorkspaceIntent | undefined,
): Finding {
  const wanted = intent?.storage.size;
  if (wanted === undefined || requested === undefined) return bound();
  const difference = compareQuantities(wanted, requested);
  if (difference > 0) {
    if (lastFailure !== undefined && pod !== undefined)
      return failing(REASONS.resizeRefused, `The volume keeps its size: ${lastFailure.message}`);
    const said = refusedBefore(workspace);
    return said ?? underWay(REASONS.resizing, `The volume is being made larger, from ${requested} to ${wanted}`);
  }
  if (resizes.some((type) => RESIZE_ERRORS.has(type))) {
    return failing(
      REASONS.resizeRefused,
      `The storage provider cannot make the volume larger; see why: kubectl describe pvc ${metadata.name}`,
    );
  }
  if (capacity !== undefined && compareQuantities(capacity, requested) < 0) {
    const isOnNode = resizes.includes('FileSystemResizePending');
    const message = isOnNode
      ? 'The volume is larger; its file system follows on the node, at the latest when the Pod is made anew'
      : `The volume is being made larger, from ${capacity} to ${requested}`;
    return underWay(REASONS.resizing, message);
  }
  if (difference === 0) return bound();
  return good(
    REASONS.volumeLarger,
    `The volume keeps its ${requested}, because it cannot shrink to the ${wanted} asked for`,
  );
}

/** While the next attempt is under way the last refusal stays said: it is news only when it ends otherwise. */
function refusedBefore({ metadata, status }: WorkspaceSnapshot['workspace']): Finding | undefined {
  const said = status?.conditions?.find(
    ({ reason, observedGeneration }) => reason === REASONS.resizeRefused && observedGeneration === metadata.generation,
  );
  return said === undefined ? undefined : failing(REASONS.resizeRefused, said.message);
}

function bound(): Finding {
  return good(REASONS.volumeReady, 'The volume is bound');
}
