import { LABELS, ORG_NAME, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { planOrg } from '../../controllers/org/plan.ts';
import { planTemplateAsset } from '../../controllers/template-asset/plan.ts';
import type { SourceChecker } from '../../controllers/template-asset/source-checker.ts';
import { templateName } from '../../controllers/workspace/checks.ts';
import { gatherWorkspace, type WorkspaceSources } from '../../controllers/workspace/gather.ts';
import { planWorkspace } from '../../controllers/workspace/plan.ts';
import { keyOf, keyString, type ObjectKey, type ObjectMeta } from '../../kube/objects.ts';
import type { ControllerHandle, Manager } from '../../runtime/manager.ts';
import { BY_NAMESPACE, BY_PARENT, BY_TEMPLATE, type Stores } from './stores.ts';

const ORG_INTERVAL_MS = 1_000;
const ORG_WORKERS = 4;
/** Downloads wait for a forge; they must not wait for each other. */
const TEMPLATE_WORKERS = 8;

/** Org counters change with every agent: at most one pass, and so one write, a second. */
export function declareOrgController(manager: Manager, stores: Stores): void {
  const controller = manager.controller({
    controller: {
      name: 'org',
      gather: async (key) => {
        const org = stores.orgs.get(key);
        return org === undefined
          ? undefined
          : { org, workspaces: stores.workspaces.byIndex(BY_NAMESPACE, key.namespace) };
      },
      plan: (snapshot, { now, ...failure }) => planOrg({ ...snapshot, ...failure }, now),
    },
    concurrency: ORG_WORKERS,
    minIntervalMs: ORG_INTERVAL_MS,
  });
  controller.watch(stores.orgs, ownKey);
  controller.watch(stores.workspaces, (before, after) =>
    namespacesOf(before, after).map((namespace) => ({ namespace, name: ORG_NAME })),
  );
}

export function declareWorkspaceController(
  manager: Manager,
  options: { readonly stores: Stores; readonly sources: WorkspaceSources; readonly workers: number },
): ControllerHandle {
  const { stores, sources, workers } = options;
  const controller = manager.controller({
    controller: {
      name: 'workspace',
      gather: async (key) => gatherWorkspace(key, sources),
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
    return isSameSpec ? [] : namespacesOf(before, after).flatMap(inNamespace);
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

export function declareTemplateAssetController(
  manager: Manager,
  options: { readonly stores: Stores; readonly checker: SourceChecker },
): void {
  const { stores, checker } = options;
  const controller = manager.controller({
    controller: {
      name: 'template-asset',
      gather: async (key, signal) => {
        const asset = stores.templateAssets.get(key);
        if (asset === undefined) {
          checker.forget(keyString(key));
          return undefined;
        }
        const isWanted =
          asset.metadata.deletionTimestamp === undefined &&
          asset.spec.auth !== 'disabled' &&
          asset.spec.suspend !== true;
        const usedBy = usersOf(stores, key);
        return isWanted ? { asset, usedBy, attempt: await checker.check(asset, signal) } : { asset, usedBy };
      },
      plan: (snapshot, { now }) => planTemplateAsset(snapshot, now),
    },
    concurrency: TEMPLATE_WORKERS,
  });
  controller.watch(stores.templateAssets, ownKey);
  // A template that is being deleted goes when its last user does.
  controller.watch(stores.workspaces, (before, after) =>
    [before, after].flatMap((workspace) => {
      const name = workspace === undefined ? undefined : templateName(workspace, true);
      const key = { namespace: workspace?.metadata.namespace ?? '', name: name ?? '' };
      return stores.templateAssets.get(key)?.metadata.deletionTimestamp === undefined ? [] : [key];
    }),
  );
}

function usersOf(stores: Stores, { namespace, name }: ObjectKey): readonly string[] {
  return stores.workspaces
    .byIndex(BY_NAMESPACE, namespace)
    .filter((workspace) => templateName(workspace, true) === name)
    .map((workspace) => workspace.metadata.name)
    .sort();
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

function ownKey(
  before: { readonly metadata: ObjectMeta } | undefined,
  after: { readonly metadata: ObjectMeta } | undefined,
): readonly ObjectKey[] {
  const object = after ?? before;
  return object === undefined ? [] : [keyOf(object)];
}

function namespacesOf(
  before: { readonly metadata: ObjectMeta } | undefined,
  after: { readonly metadata: ObjectMeta } | undefined,
): readonly string[] {
  return [(after ?? before)?.metadata.namespace ?? ''];
}
