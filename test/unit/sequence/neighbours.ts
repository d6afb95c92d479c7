import { APPROVAL_REQUESTS, PERSISTENT_VOLUME_CLAIMS, PODS } from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../../src/apis/v1alpha1/types.generated.ts';
import { type KubeObject, keyOf, keyString } from '../../../src/kube/objects.ts';
import type { ApiRequest } from '../../memory-api/rest.ts';
import { bind, mergePatch, remove } from './requests.ts';

/** What the rest of a cluster does next, as requests that follow from what is there. Nothing to do: none. */

export interface PodObject extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly restartPolicy?: string;
    readonly initContainers?: readonly { readonly name: string }[];
    readonly containers: readonly { readonly name: string; readonly image?: string }[];
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
}

interface ClaimObject extends KubeObject {
  readonly status?: { readonly phase?: string };
  readonly spec?: { readonly resources?: { readonly requests?: { readonly storage?: string } } };
}

export const NODE = 'node-1';
/** An image that no node can pull. */
export const BROKEN_IMAGE = 'example/broken:1';

/** Binds every claim, and lets those go that no Pod uses any more. */
export function actAsVolumeController(
  claims: readonly ClaimObject[],
  pods: readonly PodObject[],
): readonly ApiRequest[] {
  const used = new Set(pods.flatMap((pod) => claimsOf(pod)));
  return claims.flatMap((claim) => {
    const key = keyOf(claim);
    const { finalizers = [], deletionTimestamp } = claim.metadata;
    const left = finalizers.filter((finalizer) => finalizer !== 'kubernetes.io/pvc-protection');
    if (deletionTimestamp !== undefined && left.length < finalizers.length && !used.has(keyString(key)))
      return [mergePatch(PERSISTENT_VOLUME_CLAIMS, key, { metadata: { finalizers: left } })];
    if (claim.status?.phase === 'Bound') return [];
    const capacity = { storage: claim.spec?.resources?.requests?.storage ?? '1Gi' };
    return [mergePatch(PERSISTENT_VOLUME_CLAIMS, key, { status: { phase: 'Bound', capacity } }, 'status')];
  });
}

/** Gives a Pod a node once its claims are there. */
export function actAsScheduler(pods: readonly PodObject[], claims: readonly KubeObject[]): readonly ApiRequest[] {
  const known = new Set(claims.map((claim) => keyString(keyOf(claim))));
  return pods
    .filter((pod) => pod.spec.nodeName === undefined && pod.metadata.deletionTimestamp === undefined)
    .filter((pod) => claimsOf(pod).every((claim) => known.has(claim)))
    .map((pod) => bind(PODS, keyOf(pod), NODE));
}

/** Decides what is open, the same of all. */
export function actAsApprover(
  requests: readonly ApprovalRequest[],
  verdict: 'Approved' | 'Denied' | undefined,
): readonly ApiRequest[] {
  if (verdict === undefined) return [];
  return requests
    .filter(({ spec, status }) => spec.decision === undefined && status?.phase === 'Pending')
    .map((request) => {
      const decision = { verdict, hash: request.spec.hash, by: 'approver@example.com' };
      return mergePatch(APPROVAL_REQUESTS, keyOf(request), { spec: { decision } });
    });
}

/** Starts what is bound, brings back what was restarted, and confirms the end of what is to go. */
export function actAsKubelet(pods: readonly PodObject[], now: Date): readonly ApiRequest[] {
  return pods
    .filter((pod) => pod.spec.nodeName !== undefined)
    .flatMap((pod) => {
      const key = keyOf(pod);
      if (pod.metadata.deletionTimestamp !== undefined) return [remove(PODS, key, { gracePeriodSeconds: 0 })];
      const { phase = 'Pending' } = pod.status ?? {};
      if (phase !== 'Pending' || pod.spec.containers.some(({ image }) => image === BROKEN_IMAGE)) return [];
      return [mergePatch(PODS, key, { status: running(pod, now) }, 'status')];
    });
}

/** The agent ends with a failure: in place, as the Pod's own rule has it, or for good. */
export function endAgent(pod: PodObject, now: Date): ApiRequest {
  const at = rfc3339(now);
  if (pod.spec.restartPolicy === 'Always') {
    const again = (statuses: readonly ContainerStatus[] = []) =>
      statuses.map((status) => ({ ...status, restartCount: status.restartCount + 1 }));
    const { containerStatuses, initContainerStatuses } = pod.status ?? {};
    const status = {
      phase: 'Pending',
      containerStatuses: again(containerStatuses),
      initContainerStatuses: again(initContainerStatuses),
      conditions: ready('False', at),
    };
    return mergePatch(PODS, keyOf(pod), { status }, 'status');
  }
  const ended = {
    terminated: { exitCode: 1, reason: 'Error', startedAt: pod.metadata.creationTimestamp ?? at, finishedAt: at },
  };
  const containerStatuses = [{ name: 'agent', restartCount: 0, state: ended }];
  return mergePatch(
    PODS,
    keyOf(pod),
    { status: { phase: 'Failed', containerStatuses, conditions: ready('False', at) } },
    'status',
  );
}

function running(pod: PodObject, now: Date): object {
  const at = rfc3339(now);
  const before = new Map(
    [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].map((status) => [
      status.name,
      status.restartCount,
    ]),
  );
  const status = (name: string, state: object) => ({ name, restartCount: before.get(name) ?? 0, started: true, state });
  return {
    phase: 'Running',
    podIP: '10.1.0.1',
    initContainerStatuses: (pod.spec.initContainers ?? []).map(({ name }) =>
      status(name, { terminated: { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at } }),
    ),
    containerStatuses: pod.spec.containers.map(({ name }) => status(name, { running: { startedAt: at } })),
    conditions: ready('True', at),
  };
}

function ready(status: 'True' | 'False', at: string): readonly object[] {
  return [
    { type: 'PodScheduled', status: 'True', lastTransitionTime: at },
    { type: 'Ready', status, lastTransitionTime: at },
  ];
}

function claimsOf(pod: PodObject): readonly string[] {
  const namespace = pod.metadata.namespace ?? '';
  return (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
    claim === undefined ? [] : [keyString({ namespace, name: claim.claimName })],
  );
}

function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
