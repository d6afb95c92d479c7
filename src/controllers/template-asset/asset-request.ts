import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import type { ForgeSource } from '../../assets/fetch/forge.ts';
import { type AssetRequest, AssetRequestError } from '../../assets/store/asset-store.ts';

const GITHUB_API = 'https://api.github.com';

/** @throws AssetRequestError where the files come from no forge */
export function sourceOf({ spec }: TemplateAsset): ForgeSource {
  if (spec.source === undefined) throw new AssetRequestError('Cannot take assets: spec.source names no repository');
  const { forge, baseURL, owner, repo, ref, subPath } = spec.source;
  // One server, one name: TemplateAssets that differ in a slash share what is known about their source.
  const address = (baseURL ?? GITHUB_API).replace(/\/+$/, '');
  return { forge, baseURL: address, owner, repo, ref, ...(subPath === undefined ? {} : { subPath }) };
}

/** What spec wants of a commit. */
export function wantedAssets(asset: TemplateAsset, commit: string, token: string | undefined): AssetRequest {
  return request(asset, {
    commit,
    token,
    include: asset.spec.include ?? [],
    assetBytes: asset.spec.limits?.assetsBytes,
  });
}

/** What was published, whatever spec says by now: chosen by the same include, and not too large, since it was not then. */
export function publishedAssets(asset: TemplateAsset, artifact: Artifact, token: string | undefined): AssetRequest {
  const { assetsBytes } = asset.spec.limits ?? {};
  return request(asset, {
    commit: artifact.revision,
    token,
    include: artifact.include ?? asset.spec.include ?? [],
    assetBytes: assetsBytes === undefined ? undefined : Math.max(assetsBytes, artifact.sizeBytes),
  });
}

export type Artifact = NonNullable<NonNullable<TemplateAsset['status']>['artifact']>;

function request(
  asset: TemplateAsset,
  choice: {
    readonly commit: string;
    readonly token: string | undefined;
    readonly include: readonly string[];
    readonly assetBytes: number | undefined;
  },
): AssetRequest {
  const { commit, token, include, assetBytes } = choice;
  return {
    source: sourceOf(asset),
    commit,
    include,
    limits: assetBytes === undefined ? {} : { assetBytes },
    ...(token === undefined ? {} : { token }),
  };
}
