import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import { ArchiveError, type ArchiveErrorCode } from '../../assets/archive/archive-error.ts';
import { FetchError, type FetchErrorCode } from '../../assets/fetch/forge.ts';
import { AssetRequestError } from '../../assets/store/asset-store.ts';
import { ApiError, TransportError } from '../../kube/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { CredentialError } from './credential.ts';
import type { Failure } from './snapshot.ts';

interface Explanation {
  readonly reason: Reason;
  /** What to do; follows what is. */
  readonly advice: string;
}

const CHECK_SOURCE = 'correct spec.source, or give the token access';
const ANOTHER_REVISION = 'push a revision without that';

const FETCH: Readonly<Record<FetchErrorCode, Explanation>> = {
  Unauthorized: {
    reason: REASONS.unauthorized,
    advice: 'put a valid token that may read the repository into the Secret of spec.secretRef',
  },
  RateLimited: {
    reason: REASONS.rateLimited,
    advice: 'wait, raise spec.interval, or use spec.auth token, which has a limit of its own',
  },
  RepositoryNotFound: { reason: REASONS.repositoryNotFound, advice: CHECK_SOURCE },
  RepositoryEmpty: { reason: REASONS.repositoryEmpty, advice: 'push the template to it' },
  RefNotFound: { reason: REASONS.refNotFound, advice: 'push it, or correct spec.source.ref' },
  RefAbbreviated: { reason: REASONS.refAbbreviated, advice: 'write all 40 digits into spec.source.ref' },
  NotFound: { reason: REASONS.repositoryNotFound, advice: CHECK_SOURCE },
  BadResponse: {
    reason: REASONS.fetchFailed,
    advice: 'see that spec.source.baseURL is the address of the forge itself',
  },
  RedirectRefused: { reason: REASONS.redirectRefused, advice: 'put the address it leads to into spec.source.baseURL' },
  TooLarge: { reason: REASONS.archiveTooLarge, advice: 'keep the template in a smaller repository' },
  Unreachable: { reason: REASONS.fetchFailed, advice: 'see that the forge runs and can be reached from the operator' },
  HostNotFound: { reason: REASONS.hostNotFound, advice: 'correct spec.source.baseURL, or the DNS of the cluster' },
  TLSFailed: { reason: REASONS.tlsFailed, advice: 'give the forge a certificate that the operator trusts' },
  TimedOut: { reason: REASONS.fetchTimedOut, advice: 'see why the forge is slow or a firewall silent' },
  InvalidSource: { reason: REASONS.sourceInvalid, advice: 'correct spec.source' },
};

const BROKEN: Explanation = {
  reason: REASONS.notAnArchive,
  advice: 'see what answers at spec.source.baseURL: the forge, or something in front of it',
};
const TOO_LARGE: Explanation = {
  reason: REASONS.archiveTooLarge,
  advice: 'keep the template in a smaller repository',
};

const ARCHIVE: Readonly<Partial<Record<ArchiveErrorCode, Explanation>>> = {
  NotGzip: BROKEN,
  GzipCorrupt: BROKEN,
  GzipTruncated: BROKEN,
  GzipTrailingData: BROKEN,
  NotTar: BROKEN,
  BadChecksum: BROKEN,
  Truncated: BROKEN,
  MissingEnd: BROKEN,
  TrailingData: BROKEN,
  CompressedTooLarge: TOO_LARGE,
  ExpandedTooLarge: TOO_LARGE,
  TooManyEntries: TOO_LARGE,
  PaxHeaderTooLarge: TOO_LARGE,
  AssetsTooLarge: {
    reason: REASONS.assetsTooLarge,
    advice: 'include less (spec.include), or raise spec.limits.assetsBytes',
  },
  NothingIncluded: { reason: REASONS.nothingIncluded, advice: 'correct spec.include or spec.source.subPath' },
};

/** These stay as they are until spec changes; whatever else a forge says, somebody may change at the forge. */
const FINAL_FETCH: ReadonlySet<FetchErrorCode> = new Set(['RefAbbreviated', 'InvalidSource', 'TooLarge']);

/**
 * What a person reads about a failure: what is; what to do. Of a fault of this program the log gets all there is, of others
 * the cause. A forge that writes the token into what it sends (a path in an archive, say) does not get it shown.
 * @throws what is no answer about the source: that the pass was aborted, or that the apiserver does not answer
 */
export function judgeFailure(
  error: Error,
  context: {
    readonly log: Logger;
    readonly key: string;
    readonly token?: string | undefined;
    readonly signal: AbortSignal;
  },
): Failure {
  const { log, key, token, signal } = context;
  if (signal.aborted || error instanceof ApiError || error instanceof TransportError) throw error;
  const failure = explainFailure(error);
  if (failure !== undefined) {
    const withoutToken = (text: string): string => (token === undefined ? text : text.replaceAll(token, '***'));
    const message = withoutToken(failure.message);
    const cause = error.cause instanceof Error ? withoutToken(error.cause.message) : undefined;
    log.debug({ templateAsset: key, reason: failure.reason, message, cause }, 'Cannot get assets');
    return { ...failure, message };
  }
  log.error({ templateAsset: key, err: error }, 'Cannot get assets, by a fault of our own');
  return explainOwnFault(error);
}

/** Undefined for what is no failure of the source. */
export function explainFailure(error: Error): Failure | undefined {
  if (error instanceof CredentialError) return { reason: error.reason, message: error.message, isFinal: false };
  if (error instanceof AssetRequestError) {
    const message = `${error.message}; correct spec.include or spec.source`;
    return { reason: REASONS.sourceInvalid, message, isFinal: true };
  }
  if (error instanceof FetchError) {
    const { reason, advice } = FETCH[error.code];
    return { reason, message: `${error.message}; ${advice}`, isFinal: FINAL_FETCH.has(error.code) };
  }
  if (error instanceof ArchiveError) {
    const { reason, advice } = ARCHIVE[error.code] ?? { reason: REASONS.archiveRefused, advice: ANOTHER_REVISION };
    return { reason, message: `${error.message}; ${advice}`, isFinal: ARCHIVE[error.code] !== BROKEN };
  }
  return undefined;
}

/** The disk, or a mistake. Neither paths nor texts of such errors are for status. */
function explainOwnFault(error: Error): Failure {
  const isDisk = 'syscall' in error && !(error instanceof TypeError);
  return isDisk
    ? {
        reason: REASONS.storeFailed,
        message: 'The operator cannot keep the assets; see its log and the space on its disk',
        isFinal: false,
      }
    : {
        reason: REASONS.internalError,
        message: 'The operator failed at this by a fault of its own; see its log and report it',
        isFinal: false,
      };
}
