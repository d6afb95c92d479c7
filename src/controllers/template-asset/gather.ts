import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf, keyString, type ObjectKey } from '../../kube/objects.ts';
import { deletionGrant } from '../approval-status.ts';
import type { ClearanceSource } from '../clearance.ts';
import { BY_DENIED, type Covering, isBeingRestored, leaveOf } from '../leave.ts';
import { unlessTooLarge } from '../request-size.ts';
import type { StoreView } from '../store-view.ts';
import { BY_TEMPLATE } from '../stores.ts';
import { templateName } from '../workspace/check-template.ts';
import type { ArtifactKeeper } from './artifact-keeper.ts';
import { isGoing, type TemplateAssetSnapshot } from './snapshot.ts';
import type { SourceChecker } from './source-checker.ts';

export interface TemplateAssetSources extends Covering {
  readonly templateAssets: StoreView<TemplateAsset>;
  readonly clearance: Pick<ClearanceSource, 'current'>;
  readonly checker: SourceChecker;
  readonly keeper: ArtifactKeeper;
}

/**
 * Looks at the source where that is wanted and due, and at the store for what stays published; everything else is memory.
 * Rejects when aborted, or when the apiserver does not answer for a Secret.
 */
export async function gatherTemplateAsset(
  key: ObjectKey,
  sources: TemplateAssetSources,
  signal: AbortSignal,
): Promise<TemplateAssetSnapshot | undefined> {
  const { templateAssets, checker, keeper } = sources;
  const asset = templateAssets.get(key);
  if (asset === undefined) {
    checker.forget(keyString(key));
    keeper.forget(keyString(key));
    return undefined;
  }
  const isDeleting = asset.metadata.deletionTimestamp !== undefined;
  // Without an artifact nothing was ever delivered: those who name it wait for it, and would wait for each other for ever.
  const canBeUsed = asset.status?.artifact !== undefined;
  const usedBy = isDeleting && canBeUsed ? usersOf(asset, sources) : [];
  const subject = { kind: 'TemplateAsset', metadata: asset.metadata } as const;
  const asked = isDeleting ? leaveOf(subject, { ...sources, clearance: sources.clearance.current() }) : undefined;
  const leave = unlessTooLarge(asked, () => usedBy.length);
  // One that was denied to go and comes back without its artifact is not this one yet.
  const isIncomplete =
    !canBeUsed && isBeingRestored({ ...key, kind: 'TemplateAsset', uid: asset.metadata.uid ?? '' }, sources);
  if (leave?.kind === 'restoring' || isIncomplete) return undefined;
  const base: TemplateAssetSnapshot = {
    asset,
    usedBy,
    ...(leave === undefined ? {} : { leave }),
    ...deletionGrant(subject, sources),
  };
  if (isGoing(base)) return base;
  const isWanted = asset.spec.auth !== 'disabled' && asset.spec.suspend !== true;
  const attempt = isWanted ? await checker.check(asset, signal) : undefined;
  const published = attempt?.kind === 'stored' ? undefined : asset.status?.artifact;
  const loss = published === undefined ? undefined : await keeper.restore(asset, published, signal);
  return {
    ...base,
    ...(attempt === undefined ? {} : { attempt }),
    ...(loss === undefined ? {} : { loss }),
  };
}

/** Who is gone only to be made again after a no counts: what it will use cannot be looked at now. */
export function usersOf(
  asset: TemplateAsset,
  { workspaces, approvalRequests }: Pick<TemplateAssetSources, 'workspaces' | 'approvalRequests'>,
): readonly string[] {
  const { namespace, name } = keyOf(asset);
  const platformAgent = workspaces.get({ namespace, name: PLATFORM_AGENT_NAME });
  const named = workspaces.byIndex(BY_TEMPLATE, `${namespace}/${name}`);
  const users = [...named, ...(platformAgent === undefined ? [] : [platformAgent])]
    .filter((workspace) => templateName(workspace, true) === name)
    .map((workspace) => workspace.metadata.name);
  const returning = approvalRequests
    .byIndex(BY_DENIED, `${namespace}/Workspace`)
    .map(({ spec }) => spec.target.name)
    .filter((target) => workspaces.get({ namespace, name: target }) === undefined);
  return [...new Set([...users, ...returning])];
}
