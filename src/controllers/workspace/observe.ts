import { CONTAINERS } from '../../apis/v1alpha1/names.ts';
import { HELD_BACK } from '../../assets/report.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { reasonInLog } from './last-words.ts';
import {
  type ObservedContainer,
  type ObservedNode,
  type ObservedPod,
  type ObservedVolume,
  observeMeta,
} from './observed.ts';

/** The decoding edge: objects as the apiserver sends them, of which observed.ts says what is kept. */

interface RawContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly restartCount?: number;
  readonly started?: boolean;
  readonly state?: RawContainerState;
  readonly lastState?: RawContainerState;
}

interface RawTermination {
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

interface RawContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: object;
  readonly terminated?: RawTermination;
}

interface RawCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

interface RawContainer {
  readonly name: string;
  readonly image?: string;
}

interface RawPod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly hostPID?: boolean;
    readonly initContainers?: readonly RawContainer[];
    readonly containers?: readonly RawContainer[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly podIP?: string;
    readonly conditions?: readonly RawCondition[];
    readonly initContainerStatuses?: readonly RawContainerStatus[];
    readonly containerStatuses?: readonly RawContainerStatus[];
  };
}

interface RawVolume extends KubeObject {
  readonly spec?: {
    readonly storageClassName?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: {
    readonly phase?: string;
    readonly capacity?: { readonly storage?: string };
    readonly conditions?: readonly RawCondition[];
  };
}

interface RawNode extends KubeObject {
  readonly status?: { readonly declaredFeatures?: readonly string[]; readonly conditions?: readonly RawCondition[] };
}

const RESTART_FEATURE = 'RestartAllContainersOnContainerExits';
const RESTARTED_WITH_ALL = 'RestartingAllContainers';
/** Exit code of materialize for what may succeed later. */
const TRY_AGAIN = 75;
/** Decodes a Pod as the apiserver sends it. */
export function observePod(object: KubeObject): ObservedPod {
  const { metadata, spec, status } = object as RawPod;
  const phase = status?.phase ?? 'Pending';
  const conditionOf = (type: string): RawCondition | undefined =>
    status?.conditions?.find((condition) => condition.type === type);
  const ready = conditionOf('Ready');
  const scheduled = conditionOf('PodScheduled');
  const disruption = conditionOf('DisruptionTarget');
  const hasEnded = phase === 'Failed' || phase === 'Succeeded';
  const materialize = observeContainer(status?.initContainerStatuses, CONTAINERS.materialize);
  const agent = observeContainer(status?.containerStatuses, CONTAINERS.agent);
  return {
    metadata: observeMeta(metadata),
    phase,
    isReady: ready?.status === 'True',
    ...(status?.reason === undefined ? {} : { endReason: status.reason }),
    ...(hasEnded ? { ranMs: runtimeOf(status?.containerStatuses) } : {}),
    ...(disruption?.status === 'True' ? { disruption: disruption.reason ?? '' } : {}),
    ...(spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName }),
    ...(spec?.hostPID === true ? { isPrivileged: true } : {}),
    ...(status?.podIP === undefined ? {} : { ip: status.podIP }),
    ...(ready?.status === 'False' && ready.lastTransitionTime !== undefined
      ? { notReadySince: ready.lastTransitionTime }
      : {}),
    ...(scheduled?.status === 'False' ? { unschedulable: scheduled.message ?? '' } : {}),
    // The apiserver counts edits of a Pod's spec; what admission changed at its creation is no edit.
    ...((metadata.generation ?? 1) > 1 ? { editedImages: imagesOf(spec) } : {}),
    ...(materialize === undefined ? {} : { materialize }),
    ...(agent === undefined ? {} : { agent }),
  };
}

function imagesOf(spec: RawPod['spec']): Readonly<Record<string, string>> {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return Object.fromEntries(containers.map(({ name, image = '' }) => [name, image]));
}

function runtimeOf(statuses: readonly RawContainerStatus[] | undefined): number {
  const { startedAt, finishedAt } = findStatus(statuses, CONTAINERS.agent)?.state?.terminated ?? {};
  const ranMs = Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '');
  return Number.isNaN(ranMs) ? 0 : ranMs;
}

/** Decodes a PVC as the apiserver sends it. */
export function observeVolume(object: KubeObject): ObservedVolume {
  const { metadata, spec, status } = object as RawVolume;
  const requested = spec?.resources?.requests?.storage;
  const capacity = status?.capacity?.storage;
  return {
    metadata: observeMeta(metadata),
    phase: status?.phase ?? 'Pending',
    ...(spec?.storageClassName === undefined ? {} : { className: spec.storageClassName }),
    ...(requested === undefined ? {} : { requested }),
    ...(capacity === undefined ? {} : { capacity }),
    resizes: (status?.conditions ?? [])
      .filter(({ status }) => status === 'True')
      .map(({ type }) => type)
      .toSorted(),
  };
}

/** Decodes a Node as the apiserver sends it. */
export function observeNode(object: KubeObject): ObservedNode {
  const { metadata, status } = object as RawNode;
  const { name, uid, resourceVersion } = metadata;
  return {
    metadata: {
      name,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    canRestartInPlace: status?.declaredFeatures?.includes(RESTART_FEATURE) ?? false,
    isReady: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
  };
}

function findStatus(statuses: readonly RawContainerStatus[] | undefined, name: string): RawContainerStatus | undefined {
  return statuses?.find((candidate) => candidate.name === name);
}

function observeContainer(
  statuses: readonly RawContainerStatus[] | undefined,
  name: string,
): ObservedContainer | undefined {
  const status = findStatus(statuses, name);
  if (status === undefined) return undefined;
  // The kubelet ended it to start everything again; that says nothing about how it went.
  const last = status.lastState?.terminated?.reason === RESTARTED_WITH_ALL ? undefined : status.lastState?.terminated;
  const latest = status.state?.terminated ?? last;
  const failure = (latest?.exitCode ?? 0) === 0 ? undefined : reasonInLog(latest?.message ?? '');
  return {
    ...observeState(status),
    restarts: status.restartCount ?? 0,
    ...(last?.exitCode === undefined ? {} : { lastExitCode: last.exitCode }),
    ...(last?.reason === undefined ? {} : { lastReason: last.reason }),
    ...(failure === undefined ? {} : { failure }),
    ...(latest?.exitCode === TRY_AGAIN && latest.message?.includes(HELD_BACK) === true ? { heldBack: true } : {}),
  };
}

function observeState({ state = {}, image, started }: RawContainerStatus): Omit<ObservedContainer, 'restarts'> {
  const { terminated, running, waiting } = state;
  if (terminated !== undefined) {
    const { exitCode, reason } = terminated;
    return {
      state: 'terminated',
      ...(reason === undefined ? {} : { reason }),
      ...(exitCode === undefined ? {} : { exitCode }),
    };
  }
  if (running !== undefined) return { state: 'running', ...(started === true ? { hasStarted: true } : {}) };
  return {
    state: 'waiting',
    ...(waiting?.reason === undefined ? {} : { reason: waiting.reason }),
    ...(waiting?.message === undefined ? {} : { message: waiting.message }),
    ...(image === undefined ? {} : { image }),
  };
}
