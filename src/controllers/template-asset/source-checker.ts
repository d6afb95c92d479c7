import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import { ArchiveError } from '../../assets/archive/archive-error.ts';
import { FetchError } from '../../assets/fetch/forge.ts';
import type { ForgeCredential } from '../../assets/fetch/forge-credential.ts';
import type { RefCache } from '../../assets/fetch/ref-cache.ts';
import type { AssetStore } from '../../assets/store/asset-store.ts';
import { VerificationError } from '../../assets/verify/verification-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { keyOf, keyString } from '../../kube/objects.ts';
import { backoffMs } from '../../platform/backoff.ts';
import { coerceError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { parseDurationMs } from '../../rules/duration.ts';
import { requestedAt } from '../requested-at.ts';
import { forgeOrigin, sourceOf, wantedAssets } from './asset-request.ts';
import { readCredential } from './credential.ts';
import { judgeFailure } from './explain-failure.ts';
import { lookAtFlux } from './flux-look.ts';
import type { Attempt, Proof } from './snapshot.ts';
import type { SourceVerifier } from './source-verifier.ts';
import { TimedMemory } from './timed-memory.ts';

export interface SourceCheckerOptions {
  readonly client: KubeClient;
  readonly refs: RefCache;
  readonly store: AssetStore;
  readonly verifier: Pick<SourceVerifier, 'verify'>;
  /** Monotonic. */
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
}

/** Neither Secrets nor ConfigMaps are watched: after a failure that another token or signer may end, they are read again so soon. */
const SECRET_RECHECK_MS = 15_000;
/** Who makes or changes a TemplateAsset wants what was pushed a moment ago; who makes a hundred, not a hundred requests. */
const BURST_MS = 2_000;
const FIRST_RETRY_MS = 15_000;
const LONGEST_RETRY_MS = 300_000;

/**
 * Looks at sources: once per interval, whatever wakes the controller. A new TemplateAsset and a changed spec look at once,
 * and a new `requestedAt` past all that others were told about the same ref. What is remembered is only *when* to look
 * again; losing it costs one request for each ref.
 */
export class SourceChecker {
  readonly #options: SourceCheckerOptions;
  readonly #looks: TimedMemory<Attempt>;

  constructor(options: SourceCheckerOptions) {
    this.#options = options;
    this.#looks = new TimedMemory(options.now);
  }

  /** Never rejects for what the source does: failures are data. Rejects when aborted, or when the apiserver does not answer. */
  async check(asset: TemplateAsset, signal: AbortSignal): Promise<Attempt> {
    const { metadata, status } = asset;
    const key = keyString(keyOf(asset));
    const requested = requestedAt(metadata) ?? '';
    const cause = `${metadata.uid}/${metadata.generation}/${requested}`;
    const before = this.#looks.recall(key, cause);
    if (before !== undefined && before.leftMs > 0 && (await this.#holds(before.value, signal)))
      return { ...before.value, nextCheckMs: before.leftMs };
    const isRequested = before === undefined && requested !== '' && requested !== status?.lastHandledReconcileAt;
    const isNew = before === undefined && status?.observedGeneration !== metadata.generation;
    const failures = (before?.failures ?? 0) + 1;
    const maxAge = isRequested ? { maxAgeMs: 0 } : isNew ? { maxAgeMs: BURST_MS } : {};
    const attempt = await this.#look(asset, { ...maxAge, failures, signal });
    const isFailed = attempt.kind === 'failed';
    this.#looks.note(key, { cause, value: attempt, holdsMs: attempt.nextCheckMs, failures: isFailed ? failures : 0 });
    return attempt;
  }

  forget(key: string): void {
    this.#looks.forget(key);
  }

  /** A store that lost the files is asked to get them again now, not at the next interval. */
  async #holds(attempt: Attempt, signal: AbortSignal): Promise<boolean> {
    return attempt.kind === 'failed' || (await this.#options.store.has(attempt.artifact.digest, signal));
  }

  async #look(
    asset: TemplateAsset,
    context: { readonly maxAgeMs?: number; readonly failures: number; readonly signal: AbortSignal },
  ): Promise<Attempt> {
    const { failures, signal, ...maxAge } = context;
    const { client, refs, store, verifier, random, log } = this.#options;
    const intervalMs = parseDurationMs(asset.spec.interval ?? '5m');
    const capMs = Math.min(intervalMs, LONGEST_RETRY_MS);
    const retryMs = backoffMs(failures, { firstMs: FIRST_RETRY_MS, capMs, random });
    const { artifactRef } = asset.spec;
    if (artifactRef !== undefined)
      return lookAtFlux(asset, artifactRef, { client, store, log, intervalMs, retryMs, signal });
    let credential: ForgeCredential | undefined;
    let proof: Proof | undefined;
    const failed = (thrown: unknown, nextCheckMs: number, revision?: string): Attempt => {
      const failure = judgeFailure(coerceError(thrown), { log, key: keyString(keyOf(asset)), credential, signal });
      const known = revision === undefined ? {} : { revision };
      // A good signature is no proof any more once the files turn out to be others.
      const proved = proof === undefined || failure.isUnproved === true ? {} : { proof };
      return { kind: 'failed', ...failure, nextCheckMs, ...known, ...proved };
    };
    try {
      credential = await readCredential(asset, client, signal);
    } catch (error) {
      return failed(error, SECRET_RECHECK_MS);
    }
    const look = await refs
      .look(sourceOf(asset), { intervalMs, ...maxAge, signal, ...(credential === undefined ? {} : { credential }) })
      .catch((error: unknown) => ({ kind: 'failed' as const, error, dueInMs: SECRET_RECHECK_MS }));
    if (look.kind === 'failed')
      return failed(look.error, credential === undefined ? look.dueInMs : Math.min(look.dueInMs, SECRET_RECHECK_MS));
    const { commit: revision, dueInMs } = look;
    try {
      const question = { maxAgeMs: intervalMs, ...maxAge, signal, ...(credential === undefined ? {} : { credential }) };
      const verified = await verifier.verify(asset, revision, question);
      proof = verified?.proof;
      const signed = verified?.tree === undefined ? {} : { tree: verified.tree };
      const request = wantedAssets(asset, { ...forgeOrigin(asset, revision, credential), ...signed });
      const { digest, sizeBytes, files, ignored } = await store.ensure(request, signal);
      const artifact = { revision, digest, sizeBytes, files, ignored, include: request.include };
      return { kind: 'stored', artifact, nextCheckMs: dueInMs, ...(proof === undefined ? {} : { proof }) };
    } catch (error) {
      if (error instanceof VerificationError)
        return failed(error, error.mayEndBySigners ? Math.min(dueInMs, SECRET_RECHECK_MS) : dueInMs, revision);
      // What was refused stays so until the ref moves on; everything else may be over in a moment.
      const least = error instanceof FetchError ? (error.retryAfterMs ?? 0) : 0;
      return failed(error, error instanceof ArchiveError ? dueInMs : Math.max(retryMs, least), revision);
    }
  }
}
