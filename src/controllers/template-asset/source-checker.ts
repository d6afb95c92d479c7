import { ANNOTATIONS } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import { SECRETS } from '../../apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import { ArchiveError } from '../../assets/archive/archive-error.ts';
import { FetchError, type ForgeClient, type ForgeSource } from '../../assets/fetch/forge.ts';
import type { AssetStore } from '../../assets/store/asset-store.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { type KubeObject, keyOf, keyString } from '../../kube/objects.ts';
import { coerceError } from '../../platform/errors.ts';
import { parseDurationMs } from '../../rules/duration.ts';
import type { Attempt } from './snapshot.ts';

export interface SourceCheckerOptions {
  readonly client: KubeClient;
  readonly forge: ForgeClient;
  readonly store: AssetStore;
  readonly now: () => number;
}

const GITHUB_API = 'https://api.github.com';
/** After a failure that a person has to end (a token, a name): sooner than the interval, without hammering the forge. */
const RECHECK_AFTER_FAILURE_MS = 15_000;

interface Remembered {
  readonly cause: string;
  readonly attempt: Attempt;
  readonly dueAt: number;
}

/**
 * Looks at sources: one request per interval and TemplateAsset, whatever wakes its controller. A changed spec or a new
 * `requestedAt` looks at once. What is remembered is only *when* to look again; losing it costs one request.
 */
export class SourceChecker {
  readonly #options: SourceCheckerOptions;
  readonly #remembered = new Map<string, Remembered>();

  constructor(options: SourceCheckerOptions) {
    this.#options = options;
  }

  /** Never rejects for what the source does: failures are data. Rejects when aborted. */
  async check(asset: TemplateAsset, signal: AbortSignal): Promise<Attempt> {
    const key = keyString(keyOf(asset));
    const cause = `${asset.metadata.uid}/${asset.metadata.generation}/${asset.metadata.annotations?.[ANNOTATIONS.requestedAt] ?? ''}`;
    const now = this.#options.now();
    const before = this.#remembered.get(key);
    if (before?.cause === cause && now < before.dueAt) return { ...before.attempt, nextCheckMs: before.dueAt - now };
    const attempt = await this.#look(asset, signal);
    this.#remembered.set(key, { cause, attempt, dueAt: this.#options.now() + attempt.nextCheckMs });
    return attempt;
  }

  forget(key: string): void {
    this.#remembered.delete(key);
  }

  async #look(asset: TemplateAsset, signal: AbortSignal): Promise<Attempt> {
    const { store, forge } = this.#options;
    const source = sourceOf(asset);
    let commit: string | undefined;
    try {
      const token = await this.#readToken(asset, signal);
      const credentials = token === undefined ? {} : { token };
      commit = await forge.resolve(source, { ...credentials, signal });
      const include = asset.spec.include ?? [];
      const { assetsBytes } = asset.spec.limits ?? {};
      const limits = assetsBytes === undefined ? {} : { assetBytes: assetsBytes };
      const { digest, sizeBytes, files } = await store.ensure(
        { source, commit, ...credentials, include, limits },
        signal,
      );
      return {
        kind: 'stored',
        artifact: { revision: commit, digest, sizeBytes, files, include },
        nextCheckMs: parseDurationMs(asset.spec.interval ?? '5m'),
      };
    } catch (error) {
      if (signal.aborted) throw error;
      return {
        kind: 'failed',
        ...explainFailure(coerceError(error)),
        ...(commit === undefined ? {} : { revision: commit }),
      };
    }
  }

  /** Read by name at the moment of use: Secrets are never watched or listed. */
  async #readToken(asset: TemplateAsset, signal: AbortSignal): Promise<string | undefined> {
    const { secretRef, auth } = asset.spec;
    if (auth !== 'token' || secretRef === undefined) return undefined;
    const name = secretRef.name;
    const secret = await this.#options.client
      .get<KubeObject & { readonly data?: Readonly<Record<string, string>> }>(
        SECRETS,
        { namespace: asset.metadata.namespace ?? '', name },
        { signal },
      )
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
        throw new CredentialError(
          REASONS.secretNotFound,
          `Secret "${name}" does not exist in this namespace; create it with the forge's token`,
        );
      });
    const key = secretRef.key ?? 'token';
    const token = Buffer.from(secret.data?.[key] ?? '', 'base64')
      .toString('utf8')
      .trim();
    if (token === '')
      throw new CredentialError(
        REASONS.secretKeyMissing,
        `Secret "${name}" has no value under the key "${key}"; put the forge's token there`,
      );
    return token;
  }
}

class CredentialError extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

function sourceOf(asset: TemplateAsset): ForgeSource {
  const { forge, baseURL, owner, repo, ref, subPath } = asset.spec.source;
  return { forge, baseURL: baseURL ?? GITHUB_API, owner, repo, ref, ...(subPath === undefined ? {} : { subPath }) };
}

const FETCH_REASONS: Readonly<Record<FetchError['code'], Reason>> = {
  Unauthorized: REASONS.unauthorized,
  NotFound: REASONS.refNotFound,
  RateLimited: REASONS.fetchFailed,
  Unreachable: REASONS.fetchFailed,
  TooLarge: REASONS.archiveRefused,
  BadResponse: REASONS.fetchFailed,
};

function explainFailure(error: Error): {
  readonly reason: Reason;
  readonly message: string;
  readonly nextCheckMs: number;
} {
  const { message } = error;
  if (error instanceof CredentialError) return { reason: error.reason, message, nextCheckMs: RECHECK_AFTER_FAILURE_MS };
  if (error instanceof FetchError) {
    return {
      reason: FETCH_REASONS[error.code],
      message,
      nextCheckMs: Math.max(error.retryAfterMs ?? 0, RECHECK_AFTER_FAILURE_MS),
    };
  }
  if (error instanceof ArchiveError)
    return { reason: REASONS.archiveRefused, message, nextCheckMs: RECHECK_AFTER_FAILURE_MS };
  return {
    reason: REASONS.storeFailed,
    message: 'The operator cannot keep the assets; see its log and the space on its disk',
    nextCheckMs: RECHECK_AFTER_FAILURE_MS,
  };
}
