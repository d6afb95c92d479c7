import { LABELS, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf, keyString, type ObjectKey, type ObjectMeta } from '../../kube/objects.ts';
import type { ControllerHandle, Manager } from '../../runtime/manager.ts';
import { namespaceOf, ownKey } from '../keys.ts';
import { BY_NAMESPACE, BY_PARENT, BY_TEMPLATE, type Stores } from '../stores.ts';
import { gatherWorkspace, type WorkspaceSources } from './gather.ts';
import { planWorkspace } from './plan.ts';

/** Watches everything that a Workspace is made from; a report that came in over HTTP wakes it through the handle. */
export function declareWorkspaceController(
  manager: Manager,
  options: { readonly stores: Stores; readonly sources: WorkspaceSources; readonly workers: number },
): ControllerHandle {
  const { stores, sources, workers } = options;
  const controller = manager.controller({
    controller: {
      name: 'workspace',
      gather: (key, signal) => gatherWorkspace(key, sources, signal),
      plan: (snapshot, { now, ...failure }) => planWorkspace({ ...snapshot, ...failure }, now),
    },
    concurrency: workers,
  });
  const inNamespace = (namespace: string): readonly ObjectKey[] =>
    stores.workspaces.byIndex(BY_NAMESPACE, namespace).map(keyOf);
  controller.watch(stores.workspaces, (before, after) => [
    ...ownKey(before, after),
    ...childrenOf(stores, before, after),
  ]);
  controller.watch(stores.orgs, (before, after) => {
    const isSameSpec =
      before !== undefined && after !== undefined && before.metadata.generation === after.metadata.generation;
    return isSameSpec ? [] : inNamespace(namespaceOf(before, after));
  });
  controller.watch(stores.templateAssets, (before, after) => {
    const template = after ?? before;
    if (template === undefined) return [];
    const { namespace = '', name } = template.metadata;
    const named = stores.workspaces.byIndex(BY_TEMPLATE, keyString({ namespace, name })).map(keyOf);
    return name === PLATFORM_AGENT_NAME ? [...named, { namespace, name: PLATFORM_AGENT_NAME }] : named;
  });
  controller.watch(stores.pods, workspaceOfChild);
  controller.watch(stores.volumes, workspaceOfChild);
  return controller;
}

/** A change of place moves the depth of those below; anything else is nobody's business but their own. */
function childrenOf(stores: Stores, before: Workspace | undefined, after: Workspace | undefined): readonly ObjectKey[] {
  const isSamePlace =
    before !== undefined &&
    after !== undefined &&
    before.spec.parentRef?.name === after.spec.parentRef?.name &&
    before.status?.depth === after.status?.depth;
  const workspace = after ?? before;
  if (isSamePlace || workspace === undefined) return [];
  return stores.workspaces.byIndex(BY_PARENT, keyString(keyOf(workspace))).map(keyOf);
}

/** By label, because that is only about whom to wake; who owns what is decided by name and incarnation. */
function workspaceOfChild(
  before: { readonly metadata: ObjectMeta } | undefined,
  after: { readonly metadata: ObjectMeta } | undefined,
): readonly ObjectKey[] {
  const metadata = (after ?? before)?.metadata;
  const name = metadata?.labels?.[LABELS.workspace];
  return name === undefined ? [] : [{ namespace: metadata?.namespace ?? '', name }];
}
