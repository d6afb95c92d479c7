import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import { ArchiveError } from '../../assets/archive/archive-error.ts';
import { FetchError } from '../../assets/fetch/forge.ts';
import type { RefCache } from '../../assets/fetch/ref-cache.ts';
import type { AssetStore } from '../../assets/store/asset-store.ts';
import type { KubeClient } from '../../kube/client.ts';
import { keyOf, keyString } from '../../kube/objects.ts';
import { backoffMs } from '../../platform/backoff.ts';
import { coerceError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { parseDurationMs } from '../../rules/duration.ts';
import { requestedAt } from '../requested-at.ts';
import { sourceOf, wantedAssets } from './asset-request.ts';
import { readToken } from './credential.ts';
import { judgeFailure } from './explain-failure.ts';
import type { Attempt } from './snapshot.ts';
import { TimedMemory } from './timed-memory.ts';

export interface SourceCheckerOptions {
  readonly client: KubeClient;
  readonly refs: RefCache;
  readonly store: AssetStore;
  /** Monotonic. */
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
}

/** A Secret is not watched: after a failure that another token may end, it is read again so soon. */
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
    const { client, refs, store, random, log } = this.#options;
    const intervalMs = parseDurationMs(asset.spec.interval ?? '5m');
    let token: string | undefined;
    const failed = (thrown: unknown, nextCheckMs: number, revision?: string): Attempt => {
      const failure = judgeFailure(coerceError(thrown), { log, key: keyString(keyOf(asset)), token, signal });
      return { kind: 'failed', ...failure, nextCheckMs, ...(revision === undefined ? {} : { revision }) };
    };
    try {
      token = await readToken(asset, client, signal);
    } catch (error) {
      return failed(error, SECRET_RECHECK_MS);
    }
    const look = await refs
      .look(sourceOf(asset), { intervalMs, ...maxAge, signal, ...(token === undefined ? {} : { token }) })
      .catch((error: unknown) => ({ kind: 'failed' as const, error, dueInMs: SECRET_RECHECK_MS }));
    if (look.kind === 'failed')
      return failed(look.error, token === undefined ? look.dueInMs : Math.min(look.dueInMs, SECRET_RECHECK_MS));
    const { commit: revision, dueInMs } = look;
    try {
      const request = wantedAssets(asset, revision, token);
      const { digest, sizeBytes, files } = await store.ensure(request, signal);
      const artifact = { revision, digest, sizeBytes, files, include: request.include };
      return { kind: 'stored', artifact, nextCheckMs: dueInMs };
    } catch (error) {
      // What was refused stays so until the ref moves on; everything else may be over in a moment.
      const capMs = Math.min(intervalMs, LONGEST_RETRY_MS);
      const backoff = backoffMs(failures, { firstMs: FIRST_RETRY_MS, capMs, random });
      const least = error instanceof FetchError ? (error.retryAfterMs ?? 0) : 0;
      return failed(error, error instanceof ArchiveError ? dueInMs : Math.max(backoff, least), revision);
    }
  }
}
