import { ANNOTATIONS, LABELS, PLATFORM_AGENT_NAME } from '../../../src/apis/v1alpha1/names.ts';
import {
  APPROVAL_REQUESTS,
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  WORKSPACES,
} from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { isUpToDate } from '../../../src/controllers/org/desired.ts';
import { isReady } from '../../../src/controllers/org/status.ts';
import { type KubeObject, keyOf, keyString, type ObjectMeta } from '../../../src/kube/objects.ts';
import type { MemoryApi } from '../../memory-api/memory-api.ts';

export interface AgentPod extends KubeObject {
  readonly spec?: { readonly containers?: readonly { readonly image?: string }[] };
  readonly status?: { readonly phase?: string };
}

/** The image that an agent should run, also while its deletion waits; undefined when it should not run. */
export function wantedImage(workspace: Workspace, org: Org | undefined, api: MemoryApi): string | undefined {
  if (isGoing(workspace, api) || workspace.spec.suspend === true) return undefined;
  if (org === undefined || org.metadata.deletionTimestamp !== undefined) return undefined;
  return workspace.spec.image ?? org.spec.defaults?.image;
}

/** It is being deleted, and somebody approved that. */
export function isGoing({ metadata }: KubeObject, api: MemoryApi): boolean {
  if (metadata.deletionTimestamp === undefined) return false;
  const requests = api.objects(APPROVAL_REQUESTS) as readonly ApprovalRequest[];
  return requests.some(
    ({ spec, status }) =>
      status?.phase === 'Consumed' &&
      [spec.target.uid, ...(spec.record?.losses ?? []).map(({ uid }) => uid)].includes(metadata.uid ?? ''),
  );
}

export function imageOf(pod: AgentPod): string | undefined {
  return pod.spec?.containers?.[0]?.image;
}

/** Where the state is not what the specs say, as sentences; none once everything has settled. */
export function findUnsettled(api: MemoryApi): readonly string[] {
  const orgs = api.objects(ORGS) as readonly Org[];
  const workspaces = api.objects(WORKSPACES) as readonly Workspace[];
  return [
    ...orgs.flatMap((org) => orgFaults(org, workspaces)),
    ...workspaces.flatMap((workspace) => workspaceFaults(api, workspace, orgs)),
  ];
}

function orgFaults(org: Org, workspaces: readonly Workspace[]): readonly string[] {
  const name = keyString(keyOf(org));
  if (org.metadata.deletionTimestamp !== undefined) return [`Org ${name} is still there`];
  const agent = workspaces.find(
    ({ metadata }) => metadata.namespace === org.metadata.namespace && metadata.name === PLATFORM_AGENT_NAME,
  );
  if (agent === undefined) return [`Org ${name} has no platform agent`];
  if (!isUpToDate(agent, org)) return [`Org ${name} has an old platform agent`];
  const own = workspaces.filter(({ metadata }) => metadata.namespace === org.metadata.namespace);
  const { total, ready } = org.status?.workspaces ?? {};
  const isCounted = total === own.length && ready === own.filter(isReady).length;
  return [
    ...(isCounted ? [] : [`Org ${name} counts ${total} Workspaces and ${ready} ready ones`]),
    ...statusFaults(`Org ${name}`, org, true),
  ];
}

function workspaceFaults(api: MemoryApi, workspace: Workspace, orgs: readonly Org[]): readonly string[] {
  const name = `Workspace ${keyString(keyOf(workspace))}`;
  if (workspace.metadata.deletionTimestamp !== undefined) return [`${name} is still there`];
  const org = orgs.find(({ metadata }) => metadata.namespace === workspace.metadata.namespace);
  const wanted = wantedImage(workspace, org, api);
  const incarnation = workspace.status?.incarnation;
  const isOwn = ({ metadata }: { readonly metadata: ObjectMeta }): boolean =>
    metadata.namespace === workspace.metadata.namespace && metadata.labels?.[LABELS.incarnation] === incarnation;
  const pods = api.objects(PODS).filter(isOwn);
  const volumes = api.objects(PERSISTENT_VOLUME_CLAIMS).filter(isOwn);
  return [
    ...statusFaults(name, workspace, wanted !== undefined),
    ...(wanted === undefined || volumes.length === 1 ? [] : [`${name} has ${volumes.length} volumes`]),
    ...(pods.length === (wanted === undefined ? 0 : 1) ? [] : [`${name} has ${pods.length} Pods`]),
    ...pods.flatMap((pod) => [
      ...(imageOf(pod) === wanted ? [] : [`${name} runs ${imageOf(pod)} instead of ${wanted}`]),
      ...(pod.metadata.deletionTimestamp === undefined ? [] : [`The Pod of ${name} is ending`]),
      ...((pod as AgentPod).status?.phase === 'Running' ? [] : [`The Pod of ${name} does not run yet`]),
    ]),
  ];
}

function statusFaults(name: string, { metadata, status }: Org | Workspace, isReady: boolean): readonly string[] {
  if (status?.observedGeneration !== metadata.generation) return [`${name} tells of an older spec`];
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return (ready?.status === 'True') === isReady ? [] : [`${name}: Ready is ${ready?.status}: ${ready?.message}`];
}

/** Pods whose Workspace is gone, and none of those that went by force. */
export function findStrayPods(api: MemoryApi, abandoned: ReadonlySet<string>): readonly string[] {
  const uids = new Set([...abandoned, ...api.objects(WORKSPACES).map(({ metadata }) => metadata.uid ?? '')]);
  return api
    .objects(PODS)
    .filter(({ metadata }) => !uids.has(metadata.annotations?.[ANNOTATIONS.workspaceUID] ?? ''))
    .map(({ metadata }) => `The Pod ${keyString(keyOf({ metadata }))} has no Workspace`);
}
