import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf, type ObjectKey } from '../../kube/objects.ts';
import type { Manager } from '../../runtime/manager.ts';
import { ownKey } from '../keys.ts';
import { BY_ASKED_BACK } from '../leave.ts';
import type { Stores } from '../stores.ts';
import { identify } from '../workspace/identify.ts';
import { gatherRetainedVolume, isRetained, type RetainedVolumeSources } from './gather.ts';
import { planRetainedVolume } from './plan.ts';

const WORKERS = 2;

/** What becomes of the volumes of deleted Workspaces. */
export function declareRetainedVolumeController(
  manager: Manager,
  { stores, ...rest }: { readonly stores: Stores } & Omit<RetainedVolumeSources, 'volumes' | 'workspaces'>,
): void {
  const { volumes, workspaces } = stores;
  const sources = { volumes, workspaces, ...rest };
  const controller = manager.controller({
    controller: {
      name: 'retained-volume',
      gather: (key, signal) => gatherRetainedVolume(key, sources, signal),
      plan: (snapshot, { now, ...failure }) => planRetainedVolume({ ...snapshot, ...failure }, now),
    },
    concurrency: WORKERS,
  });
  controller.watch(volumes, (before, after) =>
    [before, after].some((volume) => volume !== undefined && isRetained(volume)) ? ownKey(before, after) : [],
  );
  const volumesOf = (workspace: Workspace | undefined): readonly ObjectKey[] => {
    if (workspace === undefined) return [];
    const { namespace = '', name } = workspace.metadata;
    const own = volumes.get({ namespace, name: identify(workspace, undefined).childName });
    const askedBack = volumes.byIndex(BY_ASKED_BACK, `${namespace}/${name}`);
    return [...(own === undefined ? [] : [own]), ...askedBack].filter(isRetained).map(keyOf);
  };
  controller.watch(workspaces, (before, after) => [...volumesOf(before), ...volumesOf(after)]);
}
