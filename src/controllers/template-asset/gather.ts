import { keyString, type ObjectKey } from '../../kube/objects.ts';
import { BY_NAMESPACE, type Stores } from '../stores.ts';
import { templateName } from '../workspace/check-template.ts';
import type { TemplateAssetSnapshot } from './snapshot.ts';
import type { SourceChecker } from './source-checker.ts';

export interface TemplateAssetSources {
  readonly stores: Stores;
  readonly checker: SourceChecker;
}

/** Looks at the source where that is wanted and due; everything else is memory. Rejects only when aborted. */
export async function gatherTemplateAsset(
  key: ObjectKey,
  { stores, checker }: TemplateAssetSources,
  signal: AbortSignal,
): Promise<TemplateAssetSnapshot | undefined> {
  const asset = stores.templateAssets.get(key);
  if (asset === undefined) {
    checker.forget(keyString(key));
    return undefined;
  }
  const { metadata, spec } = asset;
  const isWanted = metadata.deletionTimestamp === undefined && spec.auth !== 'disabled' && spec.suspend !== true;
  const usedBy = usersOf(stores, key);
  return isWanted ? { asset, usedBy, attempt: await checker.check(asset, signal) } : { asset, usedBy };
}

function usersOf(stores: Stores, { namespace, name }: ObjectKey): readonly string[] {
  return stores.workspaces
    .byIndex(BY_NAMESPACE, namespace)
    .filter((workspace) => templateName(workspace, true) === name)
    .map((workspace) => workspace.metadata.name)
    .sort();
}
