import { ORG_NAME, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Org, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf, keyString, type ObjectKey } from '../../kube/objects.ts';
import { MAX_DEPTH } from '../../rules/hierarchy.ts';
import { childName } from '../../rules/identity.ts';
import { deletionGrant } from '../approval-status.ts';
import type { ClearanceSource } from '../clearance.ts';
import { hierarchyNode, type WorkspaceNode } from '../hierarchy-node.ts';
import { gatherContest, type IdentitySources } from '../identities.ts';
import { type Covering, isAskedBack, isBeingRestored, type Leave, type Leaver, leaveOf } from '../leave.ts';
import { countSubtree, unlessTooLarge } from '../request-size.ts';
import { requestedAt } from '../requested-at.ts';
import { type ObservedCatalog, runtimeCatalog } from '../runtime-catalog.ts';
import type { StoreView } from '../store-view.ts';
import { BY_NAMESPACE, BY_PARENT } from '../stores.ts';
import { secretKeys } from './check-environment.ts';
import { resolveHosting } from './check-hosting.ts';
import { templateName } from './check-template.ts';
import { identify } from './identify.ts';
import type { WorkspaceSettings } from './intent.ts';
import { isOurs, type ObservedNode, type ObservedPod, type ObservedVolume } from './observed.ts';
import type { EndedPod } from './pod-history.ts';
import type { SecretReading, SecretRequest } from './secret-reader.ts';
import type { ReceivedReport, WorkspaceSnapshot } from './snapshot.ts';

export interface WorkspaceSources extends IdentitySources {
  readonly clearance: Pick<ClearanceSource, 'current'>;
  readonly templateAssets: StoreView<TemplateAsset>;
  readonly pods: StoreView<ObservedPod>;
  readonly volumes: StoreView<ObservedVolume>;
  readonly nodes: StoreView<ObservedNode>;
  readonly runtimeCatalogs: StoreView<ObservedCatalog>;
  /** The last report about the Workspace with this uid. */
  readonly reportOf: (workspaceUID: string) => ReceivedReport | undefined;
  /** The last Pod of this name, if it ended by itself and nothing has taken its place. */
  readonly endedPodOf: (key: ObjectKey) => EndedPod | undefined;
  readonly canRestartInPlace: () => boolean;
  /** A Pod straight from the apiserver; undefined when there is none. */
  readonly readPod: (key: ObjectKey, signal: AbortSignal) => Promise<ObservedPod | undefined>;
  /** The same for a volume. */
  readonly readVolume: (key: ObjectKey, signal: AbortSignal) => Promise<ObservedVolume | undefined>;
  readonly readSecret: (request: SecretRequest, signal: AbortSignal) => Promise<SecretReading>;
  readonly settings: WorkspaceSettings;
}

/**
 * Reads memory, so that a pass costs the apiserver nothing but its writes, with two exceptions. Secrets that spec.env names
 * are read, because they are never watched. And what lost its label is in no store: where a Pod was, or must be gone, it is
 * asked for itself, because it would outlive its Workspace, or run on while that is suspended; in a deletion that goes on so is
 * the volume, because it has to be told until when it is kept.
 *
 * Undefined also where it, or what it stands on, was denied to go and is on its way back: there is nothing to decide before.
 */
export async function gatherWorkspace(
  key: ObjectKey,
  sources: WorkspaceSources,
  signal: AbortSignal,
): Promise<WorkspaceSnapshot | undefined> {
  const workspace = sources.workspaces.get(key);
  if (workspace === undefined) return undefined;
  const uid = workspace.metadata.uid ?? '';
  const child = { namespace: key.namespace, name: childName(key.name, workspace.status?.incarnation ?? uid) };
  const platformTemplate = sources.templateAssets.get({ namespace: key.namespace, name: PLATFORM_AGENT_NAME });
  const template = templateName(workspace, platformTemplate !== undefined);
  const org = sources.orgs.get({ namespace: key.namespace, name: ORG_NAME });
  const leave = leaveTo(workspace, sources);
  if (leave?.kind === 'restoring' || isOnItsWayBack({ workspace, org, template }, sources)) return undefined;
  const isGoing = leave?.kind === 'granted';
  const reading = { sources, isGoing, signal };
  // Before the rest, which is then of one moment.
  const secrets = !isGoing && isToRun(workspace, org) ? await readSecrets(workspace, sources, signal) : new Map();
  const pod = sources.pods.get(child) ?? (await findStrippedPod(workspace, child, reading));
  const volume = sources.volumes.get(child) ?? (await findStrippedVolume(workspace, child, reading));
  return {
    workspace,
    org,
    ancestors: gatherAncestors(workspace, sources, isGoing),
    children: isGoing ? sources.workspaces.byIndex(BY_PARENT, keyString(key)) : [],
    leave,
    ...deletionGrant({ kind: 'Workspace', metadata: workspace.metadata }, sources),
    contest: gatherContest(identify(workspace, org).id, sources),
    template:
      template === undefined ? undefined : sources.templateAssets.get({ namespace: key.namespace, name: template }),
    catalog: runtimeCatalog(sources.runtimeCatalogs),
    secrets,
    pod,
    node: pod?.nodeName === undefined ? undefined : sources.nodes.get({ namespace: '', name: pod.nodeName }),
    endedPod: sources.endedPodOf(child),
    volume,
    report: sources.reportOf(uid),
    canRestartInPlace: sources.canRestartInPlace(),
    settings: sources.settings,
  };
}

/** What somebody's deletion of it may do now. */
function leaveTo(
  { metadata, spec }: Workspace,
  sources: Covering & Pick<WorkspaceSources, 'clearance'>,
): Leave | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  const leave = leaveOf({ kind: 'Workspace', metadata }, { ...sources, clearance: sources.clearance.current() });
  const { workspaces } = sources;
  return unlessTooLarge(leave, () =>
    spec.kind === 'platform'
      ? workspaces.byIndex(BY_NAMESPACE, metadata.namespace ?? '').length
      : countSubtree(keyOf({ metadata }), workspaces),
  );
}

/** Of what is made again, name and spec come first; who it is, and what it has, comes with its status. */
function isOnItsWayBack(
  { workspace, org, template }: { workspace: Workspace; org: Org | undefined; template: string | undefined },
  sources: WorkspaceSources,
): boolean {
  const { namespace = '', name, uid = '' } = workspace.metadata;
  const isComing = (kind: Leaver['kind'], name: string, of: { readonly uid?: string } = {}): boolean =>
    isBeingRestored({ kind, namespace, name, ...of }, sources);
  const parent = workspace.spec.parentRef?.name;
  const isParentThere = parent === undefined || sources.workspaces.get({ namespace, name: parent }) !== undefined;
  const asset = template === undefined ? undefined : sources.templateAssets.get({ namespace, name: template });
  return (
    (workspace.status?.incarnation === undefined && isComing('Workspace', name, { uid })) ||
    isAskedBack(workspace, sources) ||
    (org?.status?.orgID === undefined && isComing('Org', ORG_NAME, org?.metadata)) ||
    (!isParentThere && isComing('Workspace', parent)) ||
    (template !== undefined &&
      asset?.status?.artifact === undefined &&
      isComing('TemplateAsset', template, asset?.metadata))
  );
}

interface Reading {
  readonly sources: WorkspaceSources;
  /** Everything of the Workspace has to be found. */
  readonly isGoing: boolean;
  readonly signal: AbortSignal;
}

async function findStrippedPod(
  workspace: Workspace,
  key: ObjectKey,
  { sources, isGoing, signal }: Reading,
): Promise<ObservedPod | undefined> {
  if (!isGoing && workspace.status?.podName === undefined) return undefined;
  return ofWorkspace(workspace, await sources.readPod(key, signal));
}

async function findStrippedVolume(
  workspace: Workspace,
  key: ObjectKey,
  { sources, isGoing, signal }: Reading,
): Promise<ObservedVolume | undefined> {
  if (!isGoing) return undefined;
  return ofWorkspace(workspace, await sources.readVolume(key, signal));
}

/** Only ours: what becomes of a namesake that is in no store, nobody would be told. */
function ofWorkspace<T extends Parameters<typeof isOurs>[0]>(
  { metadata, status }: Workspace,
  child: T | undefined,
): T | undefined {
  return child !== undefined && isOurs(child, status?.incarnation ?? metadata.uid ?? '') ? child : undefined;
}

function isToRun(workspace: Workspace, org: Org | undefined): boolean {
  return workspace.spec.suspend !== true && org !== undefined && resolveHosting(workspace, org) === 'Pod';
}

/** Nothing to read for most; a pass that somebody asked for does not trust what is remembered. */
async function readSecrets(
  workspace: Workspace,
  { readSecret }: Pick<WorkspaceSources, 'readSecret'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SecretReading>> {
  const { metadata, status } = workspace;
  const requested = requestedAt(metadata);
  const isUrgent = requested !== undefined && requested !== status?.lastHandledReconcileAt;
  const namespace = metadata.namespace ?? '';
  const readings = [...secretKeys(workspace)].map(async ([name, dataKeys]) => {
    const reading = await readSecret({ secret: { namespace, name }, dataKeys, isUrgent }, signal);
    return [name, reading] as const;
  });
  return new Map(await Promise.all(readings));
}

/** The parents upward to the platform agent, until one is missing or the way is longer than any legal one. */
function gatherAncestors(
  workspace: Workspace,
  sources: WorkspaceSources,
  isGoing: boolean,
): ReadonlyMap<string, WorkspaceNode> {
  const { workspaces } = sources;
  const namespace = workspace.metadata.namespace ?? '';
  const found = new Map<string, WorkspaceNode>();
  const nodeOf = (above: Workspace): WorkspaceNode => ({
    ...hierarchyNode(above),
    isGoing: leaveTo(above, sources)?.kind === 'granted',
  });
  // A deletion has to know a circle of any length for one: everybody in it waits for the next.
  const most = isGoing ? Number.POSITIVE_INFINITY : MAX_DEPTH;
  for (let below = hierarchyNode(workspace); !below.isPlatform && found.size <= most; ) {
    const name = below.parentName ?? PLATFORM_AGENT_NAME;
    const parent = workspaces.get({ namespace, name });
    if (parent === undefined || found.has(name)) break;
    const node = nodeOf(parent);
    found.set(name, node);
    below = node;
  }
  // The root belongs to it also where the way up ends before: suspended, it stops everybody.
  const root = workspaces.get({ namespace, name: PLATFORM_AGENT_NAME });
  if (root !== undefined) found.set(PLATFORM_AGENT_NAME, nodeOf(root));
  return found;
}
