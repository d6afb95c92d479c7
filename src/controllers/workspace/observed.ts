import { ANNOTATIONS, CONTAINERS, LABELS } from '../../apis/v1alpha1/names.ts';
import type { KubeObject, ObjectMeta } from '../../kube/objects.ts';

/**
 * What is kept of a Pod or PVC in memory: the few fields that planning reads. The rest of an object is dropped when it
 * arrives, so that 5,000 agents fit into the memory of one small process.
 */
export interface ObservedPod {
  readonly metadata: ObservedMeta;
  readonly phase: string;
  readonly ip?: string;
  readonly isReady: boolean;
  /** The scheduler's sentence while it finds no node. */
  readonly unschedulable?: string;
  readonly materialize?: ObservedContainer;
  readonly agent?: ObservedContainer;
}

export interface ObservedVolume {
  readonly metadata: ObservedMeta;
}

export type ObservedMeta = Pick<
  ObjectMeta,
  | 'name'
  | 'namespace'
  | 'uid'
  | 'resourceVersion'
  | 'creationTimestamp'
  | 'deletionTimestamp'
  | 'annotations'
  | 'labels'
  | 'finalizers'
>;

export interface ObservedContainer {
  readonly state: 'waiting' | 'running' | 'terminated';
  /** Of the state: CrashLoopBackOff, ErrImagePull, Completed, Error… */
  readonly reason?: string;
  readonly message?: string;
  readonly exitCode?: number;
  /** Exit code of the run before this one, which a restarted container still shows; absent when the kubelet ended it. */
  readonly lastExitCode?: number;
  readonly restarts: number;
}

interface RawContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: RawContainerState;
  readonly lastState?: RawContainerState;
}

interface RawContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: object;
  readonly terminated?: { readonly exitCode?: number; readonly reason?: string; readonly message?: string };
}

interface RawPod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly initContainerStatuses?: readonly RawContainerStatus[];
    readonly containerStatuses?: readonly RawContainerStatus[];
  };
}

const RESTARTED_WITH_ALL = 'RestartingAllContainers';
const KEPT_ANNOTATIONS = new Set<string>(Object.values(ANNOTATIONS));
const KEPT_LABELS = new Set<string>(Object.values(LABELS));

/** Decodes a Pod as the apiserver sends it. */
export function observePod(object: KubeObject): ObservedPod {
  const { metadata, status } = object as RawPod;
  const scheduled = status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  const materialize = observeContainer(status?.initContainerStatuses, CONTAINERS.materialize);
  const agent = observeContainer(status?.containerStatuses, CONTAINERS.agent);
  return {
    metadata: observeMeta(metadata),
    phase: status?.phase ?? 'Pending',
    isReady:
      status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    ...(status?.podIP === undefined ? {} : { ip: status.podIP }),
    ...(scheduled?.status === 'False' ? { unschedulable: scheduled.message ?? '' } : {}),
    ...(materialize === undefined ? {} : { materialize }),
    ...(agent === undefined ? {} : { agent }),
  };
}

export function observeVolume(object: KubeObject): ObservedVolume {
  return { metadata: observeMeta(object.metadata) };
}

export function observeMeta(metadata: ObjectMeta): ObservedMeta {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, finalizers } = metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(finalizers === undefined ? {} : { finalizers }),
    annotations: pick(metadata.annotations, KEPT_ANNOTATIONS),
    labels: pick(metadata.labels, KEPT_LABELS),
  };
}

function pick(
  from: Readonly<Record<string, string>> | undefined,
  keep: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(from ?? {}).filter(([key]) => keep.has(key)));
}

function observeContainer(
  statuses: readonly RawContainerStatus[] | undefined,
  name: string,
): ObservedContainer | undefined {
  const status = statuses?.find((candidate) => candidate.name === name);
  if (status === undefined) return undefined;
  const last = status.lastState?.terminated;
  // The kubelet ended it to start everything again; that says nothing about how it went.
  const lastExitCode = last?.reason === RESTARTED_WITH_ALL ? undefined : last?.exitCode;
  return {
    ...observeState(status.state ?? {}),
    restarts: status.restartCount ?? 0,
    ...(lastExitCode === undefined ? {} : { lastExitCode }),
  };
}

function observeState(state: RawContainerState): Omit<ObservedContainer, 'restarts'> {
  const detail = state.terminated ?? state.waiting ?? {};
  const exitCode = state.terminated?.exitCode;
  return {
    state: state.terminated !== undefined ? 'terminated' : state.running !== undefined ? 'running' : 'waiting',
    ...(detail.reason === undefined ? {} : { reason: detail.reason }),
    ...(detail.message === undefined ? {} : { message: detail.message }),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}
