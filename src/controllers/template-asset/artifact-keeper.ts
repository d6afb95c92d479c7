import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import type { ForgeCredential } from '../../assets/fetch/forge-credential.ts';
import type { AssetStore } from '../../assets/store/asset-store.ts';
import type { KubeClient } from '../../kube/client.ts';
import { keyOf, keyString } from '../../kube/objects.ts';
import { backoffMs } from '../../platform/backoff.ts';
import { coerceError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { type Artifact, forgeOrigin, publishedAssets } from './asset-request.ts';
import { readCredential } from './credential.ts';
import { judgeFailure } from './explain-failure.ts';
import { type ArtifactRef, readFluxOrigin } from './flux-source.ts';
import type { Failure, Loss } from './snapshot.ts';
import { TimedMemory } from './timed-memory.ts';

export interface ArtifactKeeperOptions {
  readonly client: KubeClient;
  readonly store: AssetStore;
  /** Monotonic. */
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
}

const BACKOFF = { firstMs: 15_000, capMs: 300_000 } as const;

const NOT_ASKED: Failure = {
  reason: REASONS.fetchDisabled,
  message: 'spec.auth is disabled, so nothing is fetched; set it to token or anonymous',
  isFinal: true,
};

/**
 * Keeps what is published in the store. It is safe to throw the store away, so a revision that is gone from it is fetched
 * again: exactly that one, also for a suspended TemplateAsset, because getting data back is no change. Never while spec.auth
 * is disabled.
 */
export class ArtifactKeeper {
  readonly #options: ArtifactKeeperOptions;
  readonly #losses: TimedMemory<Loss>;

  constructor(options: ArtifactKeeperOptions) {
    this.#options = options;
    this.#losses = new TimedMemory(options.now);
  }

  /** Undefined when the files are there. Rejects when aborted, or when the apiserver does not answer. */
  async restore(asset: TemplateAsset, artifact: Artifact, signal: AbortSignal): Promise<Loss | undefined> {
    const { store, random } = this.#options;
    const key = keyString(keyOf(asset));
    if (await store.has(artifact.digest, signal)) return undefined;
    const cause = `${asset.metadata.uid}/${asset.metadata.generation}/${artifact.digest}`;
    const before = this.#losses.recall(key, cause);
    if (before !== undefined && before.leftMs > 0) return { ...before.value, nextCheckMs: before.leftMs };
    const failure = asset.spec.auth === 'disabled' ? NOT_ASKED : await this.#getBack(asset, artifact, signal);
    if (failure === undefined) {
      this.#losses.forget(key);
      return undefined;
    }
    const failures = (before?.failures ?? 0) + 1;
    const loss: Loss = { ...failure, nextCheckMs: backoffMs(failures, { ...BACKOFF, random }) };
    this.#losses.note(key, { cause, value: loss, holdsMs: loss.nextCheckMs, failures });
    return loss;
  }

  forget(key: string): void {
    this.#losses.forget(key);
  }

  async #getBack(asset: TemplateAsset, artifact: Artifact, signal: AbortSignal): Promise<Failure | undefined> {
    const { client, store, log } = this.#options;
    let credential: ForgeCredential | undefined;
    try {
      const { artifactRef } = asset.spec;
      if (artifactRef !== undefined) return await this.#getBackFromFlux(asset, { artifact, artifactRef }, signal);
      credential = await readCredential(asset, client, signal);
      const origin = forgeOrigin(asset, artifact.revision, credential);
      const { digest } = await store.ensure(publishedAssets(asset, artifact, origin), signal);
      if (digest === artifact.digest) return undefined;
      const message = 'the same commit gives other files now, because spec.source changed; change it back';
      return { reason: REASONS.artifactLost, message, isFinal: true };
    } catch (error) {
      return judgeFailure(coerceError(error), { log, key: keyString(keyOf(asset)), credential, signal });
    }
  }
  /** Flux keeps its newest artifact and no other. */
  async #getBackFromFlux(
    asset: TemplateAsset,
    { artifact, artifactRef }: { readonly artifact: Artifact; readonly artifactRef: ArtifactRef },
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    const { client, store } = this.#options;
    const origin = await readFluxOrigin(artifactRef, { client, namespace: keyOf(asset).namespace }, signal);
    if (origin.artifact.revision === artifact.revision) {
      const { digest } = await store.ensure(publishedAssets(asset, artifact, origin), signal);
      if (digest === artifact.digest) return undefined;
    }
    const message = 'Flux has another artifact by now; set spec.suspend to false to follow it, or let Flux go back';
    return { reason: REASONS.artifactLost, message, isFinal: false };
  }
}
