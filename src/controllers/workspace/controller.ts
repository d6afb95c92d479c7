import { LABELS, ORG_NAME, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { ORGS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Org } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf, keyString, type ObjectKey, type ObjectMeta } from '../../kube/objects.ts';
import type { Basis } from '../../runtime/basis.ts';
import type { ControllerHandle, Manager } from '../../runtime/manager.ts';
import type { ClearanceSource } from '../clearance.ts';
import { idsAtStake, idsOfOrg, idsOfWorkspace, idsRestored, workspacesOf } from '../identities.ts';
import { keysOfRequest, namespaceOf, ownKey } from '../keys.ts';
import { BY_NAMESPACE, BY_NODE, BY_PARENT, BY_TEMPLATE, type Stores } from '../stores.ts';
import { explainOrg } from './check-standing.ts';
import { gatherWorkspace, type WorkspaceSources } from './gather.ts';
import { planWorkspace } from './plan.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';
import { relativesToWake } from './wake.ts';

/** Watches everything that a Workspace is made from; a report that came in over HTTP wakes it through the handle. */
export function declareWorkspaceController(
  manager: Manager,
  options: {
    readonly stores: Stores;
    readonly sources: WorkspaceSources & { readonly clearance: ClearanceSource };
    readonly workers: number;
  },
): ControllerHandle {
  const { stores, sources, workers } = options;
  const controller = manager.controller({
    controller: {
      name: 'workspace',
      gather: (key, signal) => gatherWorkspace(key, sources, signal),
      plan: (snapshot, { now, ...failure }) => planWorkspace({ ...snapshot, ...failure }, now),
      basis: basisOf,
    },
    concurrency: workers,
  });
  const inNamespace = (namespace: string): readonly ObjectKey[] =>
    stores.workspaces.byIndex(BY_NAMESPACE, namespace).map(keyOf);
  controller.watch(stores.workspaces, (before, after) => [
    ...ownKey(before, after),
    ...relativesToWake(stores.workspaces, before, after),
    ...workspacesOf(idsAtStake(before, after, idsOfWorkspace), stores),
  ]);
  controller.watch(stores.orgs, (before, after) => [
    ...(isOrgAlike(before, after) ? [] : inNamespace(namespaceOf(before, after))),
    ...workspacesOf(idsAtStake(before, after, idsOfOrg), stores),
  ]);
  controller.watch(stores.templateAssets, (before, after) => {
    const template = after ?? before;
    if (template === undefined) return [];
    const { namespace = '', name } = template.metadata;
    const named = stores.workspaces.byIndex(BY_TEMPLATE, keyString({ namespace, name })).map(keyOf);
    return name === PLATFORM_AGENT_NAME ? [...named, { namespace, name: PLATFORM_AGENT_NAME }] : named;
  });
  // Whose image depends on it is not worth finding out: it changes rarely, and a pass that finds nothing writes nothing.
  controller.watch(stores.runtimeCatalogs, () =>
    [...stores.workspaces.list()].filter(({ spec }) => spec.image === undefined).map(keyOf),
  );
  controller.watch(stores.pods, workspaceOfChild);
  controller.watch(stores.volumes, workspaceOfChild);
  // Those below it too: they read there that a parent is going.
  controller.watch(stores.approvalRequests, (before, after) => [
    ...keysOfRequest('Workspace', before, after).flatMap((key) => [
      key,
      ...stores.workspaces.byIndex(BY_PARENT, keyString(key)).map(keyOf),
    ]),
    ...workspacesOf(idsAtStake(before, after, idsRestored), stores),
  ]);
  sources.clearance.onChange(() => {
    for (const workspace of stores.workspaces.list())
      if (workspace.metadata.deletionTimestamp !== undefined) controller.enqueue(keyOf(workspace));
  });
  // Nodes report often; what an agent can notice is that its own comes, goes, falls silent or is back.
  controller.watch(stores.nodes, (before, after) =>
    before?.isReady === after?.isReady
      ? []
      : stores.pods
          .byIndex(BY_NODE, (after ?? before)?.metadata.name ?? '')
          .flatMap((pod) => workspaceOfChild(pod, pod)),
  );
  return controller;
}

/** Nothing changed that decides whether and how agents run: its counters, for one, change with every agent. */
function isOrgAlike(before: Org | undefined, after: Org | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  return before.metadata.generation === after.metadata.generation && explainOrg(before) === explainOrg(after);
}

/**
 * By label, because that is only about whom to wake; who owns what is decided by name and incarnation. Both sides, because the
 * label may be what somebody changed.
 */
function workspaceOfChild(
  before: { readonly metadata: ObjectMeta } | undefined,
  after: { readonly metadata: ObjectMeta } | undefined,
): readonly ObjectKey[] {
  return [before, after].flatMap((child) => {
    const name = child?.metadata.labels?.[LABELS.workspace];
    return name === undefined ? [] : [{ namespace: child?.metadata.namespace ?? '', name }];
  });
}

/** The first Pod of a new volume takes nothing away from anybody, and thousands of those are made at once. */
function basisOf({ workspace, org, volume, pod }: WorkspaceSnapshot): readonly Basis[] {
  if (volume === undefined && pod === undefined) return [];
  const key = { namespace: workspace.metadata.namespace ?? '', name: ORG_NAME };
  return [
    { resource: WORKSPACES, key: keyOf(workspace), observed: workspace },
    { resource: ORGS, key, observed: org },
  ];
}
