import {
  ANNOTATIONS,
  API_VERSION,
  GROUP,
  LABELS,
  MANAGED_BY,
  ORG_NAME,
  ORG_NETWORK_POLICY,
  PLATFORM_AGENT_NAME,
} from '../../../src/apis/v1alpha1/names.ts';
import {
  APPROVAL_REQUESTS,
  CONFIG_MAPS,
  NAMESPACES,
  NETWORK_POLICIES,
  NODES,
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  TEMPLATE_ASSETS,
  WORKSPACES,
} from '../../../src/apis/v1alpha1/resources.ts';
import type { Org, WorkspaceSpec } from '../../../src/apis/v1alpha1/types.generated.ts';
import { DELETE_WORKSPACE } from '../../../src/controllers/workspace/plan-deletion.ts';
import type { KubeObject, ObjectKey } from '../../../src/kube/objects.ts';
import { childName } from '../../../src/rules/identity.ts';
import { FOREIGN, NOT_OURS } from './guard.ts';
import { endAgent, NODE, type PodObject } from './neighbours.ts';
import { create, mergePatch, remove } from './requests.ts';
import type { World } from './world.ts';

/** What people do in the tests of sequences, as one step each. */
export const NAMESPACE = 'acme';
export const TEMPLATE = 'engineer';

export const key = (name: string): ObjectKey => ({ namespace: NAMESPACE, name });

export function openCluster(world: World): void {
  for (const name of [NAMESPACE, 'kube-system'])
    world.send(create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  const status = {
    declaredFeatures: ['RestartAllContainersOnContainerExits'],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  const node: KubeObject & { readonly status: object } = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE },
    status,
  };
  world.send(create(NODES, node));
}

export function createOrg(
  world: World,
  spec: Org['spec'] = { displayName: 'Acme', defaults: { image: 'example/agent:1' } },
): void {
  world.send(create(ORGS, own('Org', ORG_NAME, spec)));
}

export function createTemplate(world: World, name = TEMPLATE): void {
  const source = { forge: 'gitea', baseURL: 'https://git.example', owner: 'templates', repo: name, ref: 'main' };
  const spec = { source, auth: 'anonymous', include: ['prompts/**'], interval: '5m' };
  world.send(create(TEMPLATE_ASSETS, own('TemplateAsset', name, spec)));
}

export function createWorkspace(world: World, name: string, spec: Partial<WorkspaceSpec> = {}): void {
  world.send(create(WORKSPACES, own('Workspace', name, { kind: 'workspace', ...spec })));
}

export function editOrg(world: World, spec: object): void {
  world.send(mergePatch(ORGS, key(ORG_NAME), { spec }));
}

export function editWorkspace(world: World, name: string, spec: object): void {
  world.send(mergePatch(WORKSPACES, key(name), { spec }));
}

export function annotateWorkspace(world: World, name: string, annotations: Readonly<Record<string, string>>): void {
  world.send(mergePatch(WORKSPACES, key(name), { metadata: { annotations } }));
}

export function deleteWorkspace(world: World, name: string): void {
  world.send(remove(WORKSPACES, key(name)));
}

export function deleteTemplate(world: World, name = TEMPLATE): void {
  world.send(remove(TEMPLATE_ASSETS, key(name)));
}

export function deleteOrg(world: World): void {
  world.send(remove(ORGS, key(ORG_NAME)));
}

/** Asks before anything is deleted, with what a person may write. */
export function askFirst(world: World, workspace: string): void {
  const { uid = '' } = world.object(WORKSPACES, key(workspace))?.metadata ?? {};
  const target = { group: GROUP, kind: 'Workspace', name: workspace, uid };
  const spec = { action: DELETE_WORKSPACE, target, reason: 'Not needed any more', requestedBy: 'asker@example.com' };
  world.send(create(APPROVAL_REQUESTS, own('ApprovalRequest', `ask-${uid.slice(0, 8)}`, spec)));
}

/** Asks every deleted Workspace of this name back, by the volume that was kept. */
export function askBack(world: World, workspace: string): void {
  const annotations = { [ANNOTATIONS.restore]: 'yes' };
  for (const { metadata } of world.objects(PERSISTENT_VOLUME_CLAIMS)) {
    const { [LABELS.workspace]: name, [LABELS.expires]: expires } = metadata.labels ?? {};
    if (name === workspace && expires !== undefined)
      world.send(mergePatch(PERSISTENT_VOLUME_CLAIMS, key(metadata.name), { metadata: { annotations } }));
  }
}

export function pushTemplates(world: World): void {
  const annotations = { [ANNOTATIONS.requestedAt]: `revision ${world.forge.push()}` };
  for (const { metadata } of world.objects(TEMPLATE_ASSETS))
    world.send(mergePatch(TEMPLATE_ASSETS, key(metadata.name), { metadata: { annotations } }));
}

/** Pods that the operator made for the Workspace. */
export function podsOf(world: World, workspace: string): readonly PodObject[] {
  const uid = world.object(WORKSPACES, key(workspace))?.metadata.uid ?? '';
  return (world.objects(PODS) as readonly PodObject[]).filter(
    ({ metadata }) => metadata.annotations?.[ANNOTATIONS.workspaceUID] === uid,
  );
}

export function deletePods(world: World, workspace: string): void {
  for (const { metadata } of podsOf(world, workspace)) world.send(remove(PODS, key(metadata.name)));
}

export function endAgents(world: World, workspace: string): void {
  const running = podsOf(world, workspace).filter(({ status }) => status?.phase === 'Running');
  for (const pod of running) world.send(endAgent(pod, world.clock.now()));
}

/** Whoever takes the labels off hides the objects from every selector. */
export function stripLabels(world: World, workspace: string): void {
  const labels = Object.fromEntries(Object.values(LABELS).map((name) => [name, null]));
  for (const { metadata } of podsOf(world, workspace)) {
    for (const resource of [PODS, PERSISTENT_VOLUME_CLAIMS])
      world.send(mergePatch(resource, key(metadata.name), { metadata: { labels } }));
  }
}

/** Somebody who edits what is the operator's on a Pod. */
export function editPods(world: World, workspace: string, annotations: Readonly<Record<string, string | null>>): void {
  for (const { metadata } of podsOf(world, workspace))
    world.send(mergePatch(PODS, key(metadata.name), { metadata: { annotations } }));
}

/** Somebody else's labels and annotations on everything that is there. */
export function addForeignMetadata(world: World): void {
  const metadata = { labels: { [`${FOREIGN}team`]: 'x' }, annotations: { [`${FOREIGN}note`]: 'x' } };
  for (const resource of [ORGS, WORKSPACES, TEMPLATE_ASSETS, PODS, PERSISTENT_VOLUME_CLAIMS, NETWORK_POLICIES]) {
    for (const object of world.objects(resource))
      world.send(mergePatch(resource, key(object.metadata.name), { metadata }));
  }
}

/** Somebody else who holds a Workspace, as backup programs do. */
export function addForeignFinalizer(world: World, workspace: string): void {
  changeFinalizers(world, workspace, (finalizers) => [...finalizers, `${FOREIGN}hold`]);
}

export function removeForeignFinalizer(world: World, workspace: string): void {
  changeFinalizers(world, workspace, (finalizers) => finalizers.filter((finalizer) => !finalizer.startsWith(FOREIGN)));
}

function changeFinalizers(
  world: World,
  workspace: string,
  change: (finalizers: readonly string[]) => readonly string[],
): void {
  const finalizers = change(world.object(WORKSPACES, key(workspace))?.metadata.finalizers ?? []);
  world.send(mergePatch(WORKSPACES, key(workspace), { metadata: { finalizers } }));
}

/** Objects of somebody else, labelled as ours. */
export function createForeignObjects(world: World): void {
  const metadata = {
    name: 'foreign',
    namespace: NAMESPACE,
    labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.workspace]: 'a' },
    annotations: { [NOT_OURS]: 'x' },
  };
  world.send(create(PODS, podOf(metadata)));
  world.send(create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata }));
  world.send(create(PERSISTENT_VOLUME_CLAIMS, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata }));
}

/** Takes the names that the children of a Workspace will have, before they are made. */
export function takeNames(world: World, workspace: string, labels: Readonly<Record<string, string>> = {}): void {
  const uid = world.object(WORKSPACES, key(workspace))?.metadata.uid ?? '';
  const metadata = {
    name: childName(workspace, uid),
    namespace: NAMESPACE,
    labels,
    annotations: { [NOT_OURS]: 'x' },
  };
  world.send(create(PODS, podOf(metadata)));
  world.send(create(PERSISTENT_VOLUME_CLAIMS, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata }));
}

/** Who took names gives them back. */
export function freeNames(world: World): void {
  for (const resource of [PODS, PERSISTENT_VOLUME_CLAIMS]) {
    for (const { metadata } of world.objects(resource)) {
      if (metadata.annotations?.[NOT_OURS] === undefined || metadata.name === 'foreign') continue;
      world.send(remove(resource, key(metadata.name), { gracePeriodSeconds: 0 }));
    }
  }
}

export function deleteWalls(world: World): void {
  world.send(remove(NETWORK_POLICIES, key(ORG_NETWORK_POLICY)));
}

export function editPlatformAgent(world: World): void {
  editWorkspace(world, PLATFORM_AGENT_NAME, { displayName: 'Mine', tier: 1, role: 'a person’s' });
}

function own(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: API_VERSION, kind, metadata: { name, namespace: NAMESPACE }, spec } as KubeObject;
}

function podOf(metadata: KubeObject['metadata']): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [{ name: 'main', image: 'example/other:1' }] },
  } as KubeObject;
}
