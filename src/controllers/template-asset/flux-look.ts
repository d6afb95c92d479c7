import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import { ArchiveError } from '../../assets/archive/archive-error.ts';
import type { AssetStore } from '../../assets/store/asset-store.ts';
import type { KubeClient } from '../../kube/client.ts';
import { keyOf, keyString } from '../../kube/objects.ts';
import { coerceError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { wantedAssets } from './asset-request.ts';
import { judgeFailure } from './explain-failure.ts';
import { type ArtifactRef, readFluxOrigin } from './flux-source.ts';
import type { Attempt } from './snapshot.ts';

export interface FluxLookOptions {
  readonly client: KubeClient;
  readonly store: Pick<AssetStore, 'ensure'>;
  readonly log: Logger;
  readonly intervalMs: number;
  /** After a failure that may be over in a moment. */
  readonly retryMs: number;
  readonly signal: AbortSignal;
}

/**
 * One look at a source of Flux: a GET at the apiserver. Flux's own server is asked only for an artifact that is not in the
 * store. Failures are data; rejects when aborted, or when the apiserver does not answer.
 */
export async function lookAtFlux(
  asset: TemplateAsset,
  artifactRef: ArtifactRef,
  { client, store, log, intervalMs, retryMs, signal }: FluxLookOptions,
): Promise<Attempt> {
  let known: { readonly revision?: string } = {};
  try {
    const origin = await readFluxOrigin(artifactRef, { client, namespace: keyOf(asset).namespace }, signal);
    const { revision } = origin.artifact;
    known = { revision };
    const request = wantedAssets(asset, origin);
    const { digest, sizeBytes, files, ignored } = await store.ensure(request, signal);
    const artifact = { revision, digest, sizeBytes, files, ignored, include: request.include };
    return { kind: 'stored', artifact, nextCheckMs: intervalMs };
  } catch (error) {
    const failure = judgeFailure(coerceError(error), { log, key: keyString(keyOf(asset)), signal });
    // What was refused stays so until Flux has another artifact.
    const nextCheckMs = error instanceof ArchiveError ? intervalMs : retryMs;
    return { kind: 'failed', ...failure, ...known, nextCheckMs };
  }
}
