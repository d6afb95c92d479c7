import { WEBHOOK_SECRET } from '../../admission/certificate-keeper.ts';
import {
  GROUP,
  LABELS,
  MANAGED_BY,
  OPERATOR_NAME,
  OPERATOR_NAMESPACE,
  OPERATOR_POD_LABELS,
  VOLUME_FINALIZER,
} from '../../apis/v1alpha1/names.ts';
import {
  LEASES,
  NETWORK_POLICIES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  SECRETS,
  SERVICE_ACCOUNTS,
} from '../../apis/v1alpha1/resources.ts';
import { PROBE_KEY } from '../../guard/probes.ts';
import { type KubeObject, keyOf, keyString, type Resource } from '../../kube/objects.ts';
import { isKindMissing } from '../cluster-failure.ts';
import { type ClusterClient, FIELD_MANAGER } from '../connect.ts';
import { listAll } from '../list-all.ts';
import { leadershipOf, readLease } from '../operator-lease.ts';
import { find, foundValue } from '../read-object.ts';
import { CLUSTER_RIGHTS, DEFINITIONS, DEPLOYMENTS, GUARDS, MACHINERY, OUR_KINDS } from './kinds.ts';

/** Something of ours that is still there, or still as it must not stay. */
export interface Leftover {
  readonly resource: Resource;
  readonly object: KubeObject;
}

export interface StepSource {
  readonly client: ClusterClient;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/**
 * One part of taking the operator away. What is left to do is read from the cluster each time, so that a run that was interrupted
 * anywhere is simply run again; the step is over when nothing is found.
 */
export interface Step {
  /** For people, as a title. */
  readonly title: string;
  readonly find: (source: StepSource) => Promise<readonly Leftover[]>;
  /** Absent where there is only to wait until others are done. */
  readonly act?: (leftover: Leftover, source: StepSource) => Promise<void>;
}

const OWN_BELONGINGS = [
  { resource: SECRETS, name: WEBHOOK_SECRET },
  { resource: PERSISTENT_VOLUME_CLAIMS, name: PROBE_KEY.name },
] as const;
const INSTALLED = `app.kubernetes.io/name=${OPERATOR_POD_LABELS['app.kubernetes.io/name']}`;
const MANAGED = `${LABELS.managedBy}=${MANAGED_BY}`;

/**
 * In this order, because each is safe only after the ones before: an operator that runs would heal what is taken away; policies
 * refuse that finalizers go; a kind that is deleted while finalizers hold its objects never ends; and an operator that lost its
 * rights but not its objects could not be put back to work by installing it again.
 */
export const STEPS: readonly Step[] = [
  { title: 'Stop the operator', find: findRunningDeployment, act: scaleToZero },
  {
    title: 'Wait until its Pods have ended',
    find: (source) => list(source, PODS, { namespace: OPERATOR_NAMESPACE, labelSelector: INSTALLED }),
  },
  { title: 'Wait until nobody leads', find: findLeader },
  {
    title: 'Delete policies, guard and webhook configuration',
    find: (source) => listOf(source, GUARDS, { labelSelector: INSTALLED }),
    act: remove,
  },
  {
    title: 'Take our finalizers off Orgs, Workspaces, TemplateAssets and ApprovalRequests',
    find: findHeld,
    act: release,
  },
  { title: 'Take our finalizer off the volumes, which stay', find: findVolumes, act: release },
  {
    title: 'End the agents',
    find: (source) => list(source, PODS, { labelSelector: `${MANAGED},${LABELS.workspace}` }),
    act: remove,
  },
  {
    title: 'Delete the walls and accounts of agents',
    find: (source) => listOf(source, [NETWORK_POLICIES, SERVICE_ACCOUNTS], { labelSelector: MANAGED }),
    act: remove,
  },
  { title: 'Delete the kinds, and every object of them', find: findDefinitions, act: remove },
  {
    title: 'Delete what ran the operator',
    find: (source) => listOf(source, MACHINERY, { namespace: OPERATOR_NAMESPACE, labelSelector: INSTALLED }),
    act: remove,
  },
  { title: 'Delete what the operator made for itself', find: findOwnBelongings, act: releaseAndRemove },
  {
    title: 'Delete its rights and roles',
    find: (source) => listOf(source, CLUSTER_RIGHTS, { labelSelector: INSTALLED }),
    act: remove,
  },
];

/** Volumes that somebody deleted already: without our finalizer they would go, so they keep it. */
export async function findDyingVolumes(source: StepSource): Promise<readonly Leftover[]> {
  const claims = await list(source, PERSISTENT_VOLUME_CLAIMS, {});
  return claims.filter(({ object }) => isOurVolume(object) && object.metadata.deletionTimestamp !== undefined);
}

interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number };
}

async function findRunningDeployment({ client, signal }: StepSource): Promise<readonly Leftover[]> {
  const key = { namespace: OPERATOR_NAMESPACE, name: OPERATOR_NAME };
  const deployment = foundValue(await find(client.get<Deployment>(DEPLOYMENTS, key, { signal })));
  return deployment === undefined || deployment.spec?.replicas === 0
    ? []
    : [{ resource: DEPLOYMENTS, object: deployment }];
}

async function scaleToZero({ resource, object }: Leftover, { client, signal }: StepSource): Promise<void> {
  await client.patch(resource, keyOf(object), { spec: { replicas: 0 } }, { fieldManager: FIELD_MANAGER, signal });
}

/** An operator outside of the cluster has no Pod; whoever leads renews the Lease. One that died is known by its age. */
async function findLeader({ client, now, signal }: StepSource): Promise<readonly Leftover[]> {
  const lease = foundValue(await readLease(client, signal));
  if (lease === undefined || leadershipOf(lease, now()).kind !== 'held') return [];
  return [{ resource: LEASES, object: lease }];
}

async function findHeld(source: StepSource): Promise<readonly Leftover[]> {
  return (await listOf(source, OUR_KINDS, {})).filter(({ object }) => ourFinalizers(object).length > 0);
}

async function findVolumes(source: StepSource): Promise<readonly Leftover[]> {
  const claims = await list(source, PERSISTENT_VOLUME_CLAIMS, {});
  return claims.filter(({ object }) => isOurVolume(object) && object.metadata.deletionTimestamp === undefined);
}

async function findDefinitions(source: StepSource): Promise<readonly Leftover[]> {
  const all = await list(source, DEFINITIONS, {});
  return all.filter(({ object }) => object.metadata.name.endsWith(`.${GROUP}`));
}

/** The webhook's certificate, and the volume that the guard tried its probes on. Neither holds anything of people. */
async function findOwnBelongings({ client, signal }: StepSource): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for (const { resource, name } of OWN_BELONGINGS) {
    const object = foundValue(await find(client.get(resource, { namespace: OPERATOR_NAMESPACE, name }, { signal })));
    if (object !== undefined) found.push({ resource, object });
  }
  return found;
}

/** Not the guard's own, which stays for nobody. */
function isOurVolume(object: KubeObject): boolean {
  const isProbe = keyString(keyOf(object)) === keyString(PROBE_KEY);
  return !isProbe && object.metadata.finalizers?.includes(VOLUME_FINALIZER) === true;
}

function ourFinalizers({ metadata }: KubeObject): readonly string[] {
  return (metadata.finalizers ?? []).filter((name) => name.startsWith(`${GROUP}/`));
}

/** Ours alone go; a write of somebody else in between is a conflict, and the next look sees it. */
async function release({ resource, object }: Leftover, { client, signal }: StepSource): Promise<void> {
  const { metadata } = object;
  const finalizers = (metadata.finalizers ?? []).filter((name) => !name.startsWith(`${GROUP}/`));
  const patch = { metadata: { resourceVersion: metadata.resourceVersion, finalizers } };
  await client.patch(resource, keyOf(object), patch, { fieldManager: FIELD_MANAGER, signal });
}

async function remove({ resource, object }: Leftover, { client, signal }: StepSource): Promise<void> {
  const { uid, deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined) return;
  await client.delete(resource, keyOf(object), { ...(uid === undefined ? {} : { uid }), signal });
}

/** One write per look, so that each is made with what was read. */
async function releaseAndRemove(leftover: Leftover, source: StepSource): Promise<void> {
  await (ourFinalizers(leftover.object).length > 0 ? release : remove)(leftover, source);
}

interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
}

async function listOf(
  source: StepSource,
  resources: readonly Resource[],
  selection: Selection,
): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for (const resource of resources) found.push(...(await list(source, resource, selection)));
  return found;
}

/** A kind that the cluster does not have, or not any more, has no objects. */
async function list(source: StepSource, resource: Resource, selection: Selection): Promise<readonly Leftover[]> {
  const { client, signal } = source;
  try {
    const objects = await listAll<KubeObject>(client, resource, { ...selection, signal });
    return objects.map((object) => ({ resource, object }));
  } catch (error) {
    if (isKindMissing(error)) return [];
    throw error;
  }
}
