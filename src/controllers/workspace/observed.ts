import { ANNOTATIONS, LABELS } from '../../apis/v1alpha1/names.ts';
import type { ObjectMeta } from '../../kube/objects.ts';

/**
 * What is kept of a Pod or PVC in memory: the few fields that planning reads. The rest of an object is dropped when it
 * arrives, so that 5,000 agents fit into the memory of one small process; what only a failure needs is kept only in one.
 */
export interface ObservedPod {
  readonly metadata: ObservedMeta;
  readonly phase: string;
  /** Why Kubernetes, and not its containers, ended the Pod: Evicted, NodeShutdown, OutOfcpu… */
  readonly endReason?: string;
  /** Of a Pod that ended: how long its agent ran; 0 when it never did. */
  readonly ranMs?: number;
  /** Why the Pod is being taken off its node: PreemptionByScheduler, EvictionByEvictionAPI… */
  readonly disruption?: string;
  readonly nodeName?: string;
  /** It has rights on its node, as in the tiers 3 and 4. */
  readonly isPrivileged?: true;
  readonly ip?: string;
  readonly isReady: boolean;
  /** Since when it is not ready; absent while it is, and before it ever was looked at. */
  readonly notReadySince?: string;
  /** The scheduler's sentence while it finds no node. */
  readonly unschedulable?: string;
  /** The images that its containers run, if somebody edited its spec since it was made. */
  readonly editedImages?: Readonly<Record<string, string>>;
  readonly materialize?: ObservedContainer;
  readonly agent?: ObservedContainer;
}

export interface ObservedVolume {
  readonly metadata: ObservedMeta;
  /** Pending, Bound or Lost. */
  readonly phase: string;
  /** Absent: none is named, and the cluster had no default one to fill in. */
  readonly className?: string;
  /** What the claim asks for, and what it has. */
  readonly requested?: string;
  readonly capacity?: string;
  /** Types of the conditions that tell of a resize under way, sorted. */
  readonly resizes: readonly string[];
}

export interface ObservedNode {
  readonly metadata: ObjectMeta;
  /** Restarts all containers of a Pod, its init containers included, when one exits. */
  readonly canRestartInPlace: boolean;
  /** Its kubelet reports. */
  readonly isReady: boolean;
}

export type ObservedMeta = Pick<
  ObjectMeta,
  | 'name'
  | 'namespace'
  | 'uid'
  | 'resourceVersion'
  | 'creationTimestamp'
  | 'deletionTimestamp'
  | 'deletionGracePeriodSeconds'
  | 'annotations'
  | 'labels'
  | 'finalizers'
>;

export interface ObservedContainer {
  readonly state: 'waiting' | 'running' | 'terminated';
  /** Of the state: CrashLoopBackOff, ErrImagePull, Completed, Error… */
  readonly reason?: string;
  /** Why it waits, in the kubelet's words. */
  readonly message?: string;
  /** What it is to run, while it waits. */
  readonly image?: string;
  readonly exitCode?: number;
  /** Of the run before this one, which a restarted container still shows; absent when the kubelet ended it. */
  readonly lastExitCode?: number;
  readonly lastReason?: string;
  /** Its last run held the agent back, because that had ended too often in quick succession. */
  readonly heldBack?: true;
  /** Why its last run failed, in its own words. */
  readonly failure?: string;
  /** Its startup probe has passed. */
  readonly hasStarted?: true;
  readonly restarts: number;
}

const KEPT_ANNOTATIONS = new Set<string>(Object.values(ANNOTATIONS));
const KEPT_LABELS = new Set<string>(Object.values(LABELS));

export function observeMeta(metadata: ObjectMeta): ObservedMeta {
  const { name, namespace, uid, resourceVersion, creationTimestamp, finalizers } = metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
    ...(finalizers === undefined ? {} : { finalizers }),
    annotations: pick(metadata.annotations, KEPT_ANNOTATIONS),
    labels: pick(metadata.labels, KEPT_LABELS),
  };
}

/**
 * Whether a Pod or PVC was made for this incarnation: both an annotation and a label were written when it was made, and one
 * of them is enough, so that the other can be put right.
 */
export function isOurs({ metadata }: { readonly metadata: ObservedMeta }, incarnation: string): boolean {
  return (
    metadata.annotations?.[ANNOTATIONS.incarnation] === incarnation ||
    metadata.labels?.[LABELS.incarnation] === incarnation
  );
}

function pick(
  from: Readonly<Record<string, string>> | undefined,
  keep: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(from ?? {}).filter(([key]) => keep.has(key)));
}
