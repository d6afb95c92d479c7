import { ORG_NAME, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Org, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyString, type ObjectKey } from '../../kube/objects.ts';
import { MAX_DEPTH } from '../../rules/hierarchy.ts';
import { childName } from '../../rules/identity.ts';
import { hierarchyNode, type WorkspaceNode } from '../hierarchy-node.ts';
import { gatherContest, type IdentitySources } from '../identities.ts';
import { requestedAt } from '../requested-at.ts';
import { type ObservedCatalog, runtimeCatalog } from '../runtime-catalog.ts';
import type { StoreView } from '../store-view.ts';
import { BY_PARENT } from '../stores.ts';
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
 * asked for itself, because it would outlive its Workspace, or run on while that is suspended; in a deletion so is the volume,
 * because the ledger and an Event are to name what stays.
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
  // Before the rest, which is then of one moment.
  const secrets = isToRun(workspace, org) ? await readSecrets(workspace, sources, signal) : new Map();
  const pod = sources.pods.get(child) ?? (await findStrippedPod(workspace, child, { sources, signal }));
  const volume = sources.volumes.get(child) ?? (await findStrippedVolume(workspace, child, { sources, signal }));
  return {
    workspace,
    org,
    ancestors: gatherAncestors(workspace, sources.workspaces),
    children: workspace.metadata.deletionTimestamp === undefined ? [] : childrenOf(key, sources.workspaces),
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

interface Reading {
  readonly sources: WorkspaceSources;
  readonly signal: AbortSignal;
}

async function findStrippedPod(
  workspace: Workspace,
  key: ObjectKey,
  { sources, signal }: Reading,
): Promise<ObservedPod | undefined> {
  const { metadata, status } = workspace;
  if (metadata.deletionTimestamp === undefined && status?.podName === undefined) return undefined;
  return ofWorkspace(workspace, await sources.readPod(key, signal));
}

async function findStrippedVolume(
  workspace: Workspace,
  key: ObjectKey,
  { sources, signal }: Reading,
): Promise<ObservedVolume | undefined> {
  if (workspace.metadata.deletionTimestamp === undefined) return undefined;
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
  const isWanted = workspace.metadata.deletionTimestamp === undefined && workspace.spec.suspend !== true;
  return isWanted && org !== undefined && resolveHosting(workspace, org) === 'Pod';
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
function gatherAncestors(workspace: Workspace, workspaces: StoreView<Workspace>): ReadonlyMap<string, WorkspaceNode> {
  const namespace = workspace.metadata.namespace ?? '';
  const found = new Map<string, WorkspaceNode>();
  // A deletion has to know a circle of any length for one: everybody in it waits for the next.
  const most = workspace.metadata.deletionTimestamp === undefined ? MAX_DEPTH : Number.POSITIVE_INFINITY;
  for (let below = hierarchyNode(workspace); !below.isPlatform && found.size <= most; ) {
    const name = below.parentName ?? PLATFORM_AGENT_NAME;
    const parent = workspaces.get({ namespace, name });
    if (parent === undefined || found.has(name)) break;
    below = hierarchyNode(parent);
    found.set(name, below);
  }
  // The root belongs to it also where the way up ends before: suspended, it stops everybody.
  const root = workspaces.get({ namespace, name: PLATFORM_AGENT_NAME });
  if (root !== undefined) found.set(PLATFORM_AGENT_NAME, hierarchyNode(root));
  return found;
}

function childrenOf(key: ObjectKey, workspaces: StoreView<Workspace>): readonly WorkspaceNode[] {
  return workspaces.byIndex(BY_PARENT, keyString(key)).map(hierarchyNode);
}
