import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { ORGS, PERSISTENT_VOLUME_CLAIMS, PODS, TEMPLATE_ASSETS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Org, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { templateName } from '../../controllers/workspace/check-template.ts';
import { observePod } from '../../controllers/workspace/observe.ts';
import type { ObservedPod } from '../../controllers/workspace/observed.ts';
import type { KubeObject, Resource } from '../../kube/objects.ts';
import { MAX_DEPTH } from '../../rules/hierarchy.ts';
import { childName } from '../../rules/identity.ts';
import type { ClusterClient } from '../connect.ts';
import { listAll } from '../list-all.ts';
import { type Found, find, foundValue } from '../read-object.ts';

/** An object under the name by which it was looked for. */
export interface Named<T> {
  readonly name: string;
  readonly found: Found<T>;
}

export interface Claim extends KubeObject {
  readonly spec?: {
    readonly storageClassName?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}

export interface WorkspaceFacts {
  readonly workspace: Workspace;
  readonly org: Found<Org>;
  /** From the nearest one up to the platform agent; ends early at one that is missing, unreadable or walked already. */
  readonly parents: readonly Named<Workspace>[];
  /** Undefined: templates are off. */
  readonly template: Named<TemplateAsset> | undefined;
  readonly volume: Named<Claim>;
  readonly pod: Named<ObservedPod>;
}

export interface TemplateAssetFacts {
  readonly asset: TemplateAsset;
  /** Those that it delivers to. */
  readonly users: Found<readonly Workspace[]>;
}

export interface OrgFacts {
  readonly org: Org;
  readonly workspaces: Found<readonly Workspace[]>;
}

interface Source {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

export async function gatherWorkspaceFacts(workspace: Workspace, source: Source): Promise<WorkspaceFacts> {
  const { metadata, status } = workspace;
  const child = childName(metadata.name, status?.incarnation ?? metadata.uid ?? '');
  const read = readerOf(source);
  const podName = status?.podName ?? child;
  const volumeName = status?.volumeName ?? child;
  const [org, parents, template, pod, volume] = await Promise.all([
    read<Org>(ORGS, 'org'),
    readParents(workspace, read),
    readTemplate(workspace, read),
    read(PODS, podName),
    read<Claim>(PERSISTENT_VOLUME_CLAIMS, volumeName),
  ]);
  const observed = pod.kind === 'found' ? { kind: pod.kind, value: observePod(pod.value) } : pod;
  return {
    workspace,
    org,
    parents,
    template,
    volume: { name: volumeName, found: volume },
    pod: { name: podName, found: observed },
  };
}

export async function gatherTemplateAssetFacts(asset: TemplateAsset, source: Source): Promise<TemplateAssetFacts> {
  const workspaces = await find(listAll<Workspace>(source.client, WORKSPACES, source));
  if (workspaces.kind !== 'found') return { asset, users: workspaces };
  const users = workspaces.value.filter((workspace) => templateName(workspace, true) === asset.metadata.name);
  return { asset, users: { kind: 'found', value: users } };
}

export async function gatherOrgFacts(org: Org, source: Source): Promise<OrgFacts> {
  return { org, workspaces: await find(listAll<Workspace>(source.client, WORKSPACES, source)) };
}

type Reader = <T extends KubeObject>(resource: Resource, name: string) => Promise<Found<T>>;

function readerOf({ client, namespace, signal }: Source): Reader {
  return (resource, name) => find(client.get(resource, { namespace, name }, { signal }));
}

async function readParents(workspace: Workspace, read: Reader): Promise<readonly Named<Workspace>[]> {
  const parents: Named<Workspace>[] = [];
  let at: Workspace | undefined = workspace;
  while (at !== undefined && at.spec.kind !== 'platform' && parents.length < MAX_DEPTH) {
    const name: string = at.spec.parentRef?.name ?? PLATFORM_AGENT_NAME;
    if (name === workspace.metadata.name || parents.some((parent) => parent.name === name)) break;
    const found: Found<Workspace> = await read<Workspace>(WORKSPACES, name);
    parents.push({ name, found });
    at = foundValue(found);
  }
  return parents;
}

async function readTemplate(workspace: Workspace, read: Reader): Promise<Named<TemplateAsset> | undefined> {
  const name = templateName(workspace, true);
  if (name === undefined) return undefined;
  const found = await read<TemplateAsset>(TEMPLATE_ASSETS, name);
  // The one that the platform agent takes unasked is not missed.
  return found.kind === 'missing' && workspace.spec.templateRef === undefined ? undefined : { name, found };
}
