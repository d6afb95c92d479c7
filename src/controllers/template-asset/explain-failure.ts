import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import { ArchiveError } from '../../assets/archive/archive-error.ts';
import { FluxDownloadError } from '../../assets/fetch/flux-client.ts';
import { FetchError, type FetchErrorCode } from '../../assets/fetch/forge.ts';
import type { ForgeCredential } from '../../assets/fetch/forge-credential.ts';
import { AssetRequestError } from '../../assets/store/asset-request.ts';
import { StoreFullError } from '../../assets/store/store-room.ts';
import { VerificationError, type VerificationErrorCode } from '../../assets/verify/verification-error.ts';
import { ApiError, TransportError } from '../../kube/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { CredentialError } from './credential.ts';
import { explainArchive } from './explain-archive.ts';
import { explainFluxDownload, FluxError } from './flux-source.ts';
import type { Failure } from './snapshot.ts';

interface Explanation {
  readonly reason: Reason;
  /** What to do; follows what is. */
  readonly advice: string;
}

const CHECK_SOURCE = 'correct spec.source, or give the token access';

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
  AddressRefused: {
    reason: REASONS.addressRefused,
    advice:
      "use the forge's public address and https, or have its network listed in the operator's flag --forge-networks",
  },
  TLSFailed: { reason: REASONS.tlsFailed, advice: 'give the forge a certificate that the operator trusts' },
  TimedOut: { reason: REASONS.fetchTimedOut, advice: 'see why the forge is slow or a firewall silent' },
  HostNotAllowed: {
    reason: REASONS.hostNotAllowed,
    advice: 'name in spec.secretRef a Secret with a token of this forge',
  },
  InvalidSource: { reason: REASONS.sourceInvalid, advice: 'correct spec.source' },
};

const ANOTHER_COMMIT = 'nothing of it is taken; have a commit made that is signed by somebody who may';
const LET_SIGN = 'put the keys of those who may sign into the ConfigMap of spec.verify.signature.signersRef';

const VERIFICATION: Readonly<Record<VerificationErrorCode, Explanation>> = {
  CommitMismatch: {
    reason: REASONS.commitMismatch,
    advice: 'nothing of it is taken; put it into spec.verify.commit once it may be, or correct spec.source.ref',
  },
  CommitNotSigned: { reason: REASONS.commitNotSigned, advice: ANOTHER_COMMIT },
  SignatureRefused: {
    reason: REASONS.signatureRefused,
    advice: "nothing of it is taken; make the signer's key known to the forge, or have it signed by another",
  },
  SignatureInvalid: { reason: REASONS.signatureInvalid, advice: ANOTHER_COMMIT },
  SignerNotAllowed: {
    reason: REASONS.signerNotAllowed,
    advice:
      'nothing of it is taken; if this key may sign, put it into the ConfigMap of spec.verify.signature.signersRef, else have it signed by one that may',
  },
  TreeMismatch: {
    reason: REASONS.treeMismatch,
    advice:
      'nothing of it is taken; take what alters archives (export-subst, export-ignore, eol, ident) off these paths in .gitattributes, else see what answers in place of the forge',
  },
  TreeIncomplete: {
    reason: REASONS.treeIncomplete,
    advice: 'nothing of it is taken; keep the template in a smaller repository',
  },
  SignersNotFound: { reason: REASONS.signersNotFound, advice: LET_SIGN },
  SignersNotRead: {
    reason: REASONS.signersNotRead,
    advice: "let the operator's account get ConfigMaps in this namespace",
  },
  SignersEmpty: { reason: REASONS.signersEmpty, advice: LET_SIGN },
  SignersInvalid: { reason: REASONS.signersInvalid, advice: 'correct it; until then nothing new is taken' },
};

/** These hold until the ref moves on or spec changes; what keys say, others may change, and other files may come the next time. */
const FINAL_VERIFICATION: ReadonlySet<VerificationErrorCode> = new Set([
  'CommitMismatch',
  'CommitNotSigned',
  'SignatureInvalid',
  'TreeIncomplete',
]);

const MAKE_ROOM =
  'let the operator keep more (--store-bytes and the volume of --store-dir), lower spec.limits.assetsBytes, or delete TemplateAssets that nobody uses';

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
    readonly credential?: ForgeCredential | undefined;
    readonly signal: AbortSignal;
  },
): Failure {
  const { log, key, credential, signal } = context;
  if (signal.aborted || error instanceof ApiError || error instanceof TransportError) throw error;
  const failure = explainFailure(error);
  if (failure !== undefined) {
    const withoutToken = (text: string): string => credential?.redact(text) ?? text;
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
  if (error instanceof VerificationError) {
    const { reason, advice } = VERIFICATION[error.code];
    const isFinal = FINAL_VERIFICATION.has(error.code);
    return { reason, message: `${error.message}; ${advice}`, isFinal, isUnproved: true };
  }
  if (error instanceof FluxError) return { reason: error.reason, message: error.message, isFinal: false };
  if (error instanceof FluxDownloadError) return explainFluxDownload(error);
  if (error instanceof StoreFullError)
    return { reason: REASONS.storeFull, message: `${error.message}; ${MAKE_ROOM}`, isFinal: false };
  if (error instanceof ArchiveError) return explainArchive(error);
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
