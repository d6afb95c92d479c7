import type { ForgeClient } from '../../assets/fetch/forge.ts';
import { createRefCache } from '../../assets/fetch/ref-cache.ts';
import type { AssetStore } from '../../assets/store/asset-store.ts';
import { createCommitCache } from '../../assets/verify/commit-cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import { keyOf, type ObjectKey } from '../../kube/objects.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { Manager } from '../../runtime/manager.ts';
import type { ClearanceSource } from '../clearance.ts';
import { keysOfRequest, ownKey } from '../keys.ts';
import type { Stores } from '../stores.ts';
import { templateName } from '../workspace/check-template.ts';
import { ArtifactKeeper } from './artifact-keeper.ts';
import { gatherTemplateAsset, type TemplateAssetSources } from './gather.ts';
import { planTemplateAsset } from './plan.ts';
import { SourceChecker } from './source-checker.ts';
import { SourceVerifier } from './source-verifier.ts';

/** A pass may wait for a forge as long as that lets it: slow ones must leave workers for the others. */
const WORKERS = 32;
/** Half of the downloads that the store runs at once: one tenant's slow servers, however many, leave places for those of others. */
const PER_NAMESPACE = 8;

export interface TemplateAssetControllerOptions {
  readonly stores: Stores;
  readonly clearance: ClearanceSource;
  readonly client: KubeClient;
  readonly forge: ForgeClient;
  readonly assets: AssetStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

export interface TemplateAssetHandle {
  /** The stored tree of this Workspace's template is lost: see about it now and not at the next interval. */
  refetch(workspace: ObjectKey): void;
}

/** Its passes may take as long as a download does. */
export function declareTemplateAssetController(
  manager: Manager,
  options: TemplateAssetControllerOptions,
): TemplateAssetHandle {
  const { stores, clearance, client, forge, assets: store, clock, random, log } = options;
  const now = (): number => clock.monotonicMs();
  const refs = createRefCache({ forge, now, random });
  const verifier = new SourceVerifier({ client, commits: createCommitCache({ forge, now }), today: () => clock.now() });
  const sources: TemplateAssetSources = {
    ...stores,
    clearance,
    checker: new SourceChecker({ client, refs, store, verifier, now, random, log }),
    keeper: new ArtifactKeeper({ client, store, now, random, log }),
  };
  const controller = manager.controller({
    controller: {
      name: 'template-asset',
      gather: (key, signal) => gatherTemplateAsset(key, sources, signal),
      plan: (snapshot, { now, ...failure }) => planTemplateAsset({ ...snapshot, ...failure }, now),
    },
    concurrency: WORKERS,
    perNamespace: PER_NAMESPACE,
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
  controller.watch(stores.approvalRequests, (before, after) => keysOfRequest('TemplateAsset', before, after));
  clearance.onChange(() => {
    for (const asset of stores.templateAssets.list())
      if (asset.metadata.deletionTimestamp !== undefined) controller.enqueue(keyOf(asset));
  });
  return {
    refetch: ({ namespace, name }) => {
      const workspace = stores.workspaces.get({ namespace, name });
      const template = workspace === undefined ? undefined : templateName(workspace, true);
      if (template !== undefined) controller.enqueue({ namespace, name: template });
    },
  };
}
