import { keyString, type ObjectKey } from '../../kube/objects.ts';
import type { Manager } from '../../runtime/manager.ts';
import { ownKey } from '../keys.ts';
import { templateName } from '../workspace/check-template.ts';
import { gatherTemplateAsset, type TemplateAssetSources } from './gather.ts';
import { planTemplateAsset } from './plan.ts';

/** Downloads wait for a forge; they must not wait for each other. */
const WORKERS = 8;

export interface TemplateAssetHandle {
  /** The stored tree of this Workspace's template is lost: look at the source now and not at the next interval. */
  refetch(workspace: ObjectKey): void;
}

/** Its passes may take as long as a download does. */
export function declareTemplateAssetController(manager: Manager, sources: TemplateAssetSources): TemplateAssetHandle {
  const { stores } = sources;
  const controller = manager.controller({
    controller: {
      name: 'template-asset',
      gather: (key, signal) => gatherTemplateAsset(key, sources, signal),
      plan: (snapshot, { now }) => planTemplateAsset(snapshot, now),
    },
    concurrency: WORKERS,
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
  return {
    refetch: ({ namespace, name }) => {
      const workspace = stores.workspaces.get({ namespace, name });
      const template = workspace === undefined ? undefined : templateName(workspace, true);
      if (template === undefined) return;
      const key = { namespace, name: template };
      sources.checker.forget(keyString(key));
      controller.enqueue(key);
    },
  };
}
