import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import type { ForgeSource } from '../../assets/fetch/forge.ts';
import type { ForgeCredential } from '../../assets/fetch/forge-credential.ts';
import {
  type AssetOrigin,
  type AssetRequest,
  AssetRequestError,
  type ForgeOrigin,
} from '../../assets/store/asset-request.ts';

const GITHUB_API = 'https://api.github.com';

/** @throws AssetRequestError where the files come from no forge */
export function sourceOf({ spec }: TemplateAsset): ForgeSource {
  if (spec.source === undefined) throw new AssetRequestError('Cannot take assets: spec.source names no repository');
  const { forge, baseURL, owner, repo, ref, subPath } = spec.source;
  // One server, one name: TemplateAssets that differ in a slash share what is known about their source.
  const address = (baseURL ?? GITHUB_API).replace(/\/+$/, '');
  return { forge, baseURL: address, owner, repo, ref, ...(subPath === undefined ? {} : { subPath }) };
}

/** @throws AssetRequestError where the files come from no forge */
export function forgeOrigin(
  asset: TemplateAsset,
  commit: string,
  credential: ForgeCredential | undefined,
): ForgeOrigin {
  return { source: sourceOf(asset), commit, ...(credential === undefined ? {} : { credential }) };
}

/** What spec wants of a revision. */
export function wantedAssets({ spec }: TemplateAsset, origin: AssetOrigin): AssetRequest {
  return request(origin, spec.include ?? [], spec.limits?.assetsBytes);
}

/** What was published, whatever spec says by now: chosen by the same include, and not too large, since it was not then. */
export function publishedAssets({ spec }: TemplateAsset, artifact: Artifact, origin: AssetOrigin): AssetRequest {
  const { assetsBytes } = spec.limits ?? {};
  const most = assetsBytes === undefined ? undefined : Math.max(assetsBytes, artifact.sizeBytes);
  return request(origin, artifact.include ?? spec.include ?? [], most);
}

export type Artifact = NonNullable<NonNullable<TemplateAsset['status']>['artifact']>;

function request(origin: AssetOrigin, include: readonly string[], assetBytes: number | undefined): AssetRequest {
  return { ...origin, include, limits: assetBytes === undefined ? {} : { assetBytes } };
}
