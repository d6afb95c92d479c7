import { ORG_NAME, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Org, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { ObjectKey } from '../../kube/objects.ts';
import { type HierarchyNode, MAX_DEPTH } from '../../rules/hierarchy.ts';
import { childName } from '../../rules/identity.ts';
import type { StoreView } from '../store-view.ts';
import { templateName } from './check-template.ts';
import type { WorkspaceSettings } from './desired.ts';
import type { ObservedPod, ObservedVolume } from './observed.ts';
import type { ReceivedReport, WorkspaceSnapshot } from './snapshot.ts';

export interface WorkspaceSources {
  readonly orgs: StoreView<Org>;
  readonly workspaces: StoreView<Workspace>;
  readonly templateAssets: StoreView<TemplateAsset>;
  readonly pods: StoreView<ObservedPod>;
  readonly volumes: StoreView<ObservedVolume>;
  /** The last report about the Workspace with this uid. */
  readonly reportOf: (workspaceUID: string) => ReceivedReport | undefined;
  readonly canRestartInPlace: () => boolean;
  /** A Pod straight from the apiserver; undefined when there is none. */
  readonly readPod: (key: ObjectKey, signal: AbortSignal) => Promise<ObservedPod | undefined>;
  readonly settings: WorkspaceSettings;
}

/**
 * Reads memory, so that a pass costs the apiserver nothing but its writes. A deletion alone asks for the Pod itself: one that
 * lost its label is in no store, and would outlive its Workspace.
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
  return {
    workspace,
    org: sources.orgs.get({ namespace: key.namespace, name: ORG_NAME }),
    ancestors: gatherAncestors(workspace, sources.workspaces),
    template:
      template === undefined ? undefined : sources.templateAssets.get({ namespace: key.namespace, name: template }),
    pod:
      sources.pods.get(child) ??
      (workspace.metadata.deletionTimestamp === undefined ? undefined : await sources.readPod(child, signal)),
    volume: sources.volumes.get(child),
    report: sources.reportOf(uid),
    canRestartInPlace: sources.canRestartInPlace(),
    settings: sources.settings,
  };
}

/** The named parents upward, until one is missing, names none, or the way is longer than any legal one. */
function gatherAncestors(workspace: Workspace, workspaces: StoreView<Workspace>): ReadonlyMap<string, HierarchyNode> {
  const namespace = workspace.metadata.namespace ?? '';
  const found = new Map<string, HierarchyNode>();
  let name = workspace.spec.parentRef?.name;
  while (name !== undefined && !found.has(name) && found.size <= MAX_DEPTH) {
    const parent = workspaces.get({ namespace, name });
    if (parent === undefined) break;
    const parentName = parent.spec.parentRef?.name;
    found.set(name, {
      name,
      isPlatform: parent.spec.kind === 'platform',
      ...(parentName === undefined ? {} : { parentName }),
    });
    name = parentName;
  }
  return found;
}
