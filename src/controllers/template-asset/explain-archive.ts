import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { ArchiveError, ArchiveErrorCode } from '../../assets/archive/archive-error.ts';
import { PATH_LIMITS } from '../../rules/asset-path.ts';
import type { Failure } from './snapshot.ts';

interface Explanation {
  readonly reason: Reason;
  /** What to do; follows what is. */
  readonly advice: string;
  /** What came may not be what the source has, or came in a bad moment. */
  readonly mayPass?: true;
}

const BROKEN: Explanation = {
  reason: REASONS.notAnArchive,
  advice:
    'see what answers at spec.source.baseURL, the forge or something in front of it; of Flux, that spec.artifactRef names a source that is packed as tar.gz',
  mayPass: true,
};
/** Malformed or hostile, in whichever way: the message says where, and a program has no use for more. */
const REFUSED: Explanation = { reason: REASONS.archiveRefused, advice: 'push a revision without that' };

/** Each bound has a reason of its own, because each is kept in another way. */
const EXPLANATIONS: Readonly<Record<ArchiveErrorCode, Explanation>> = {
  NotGzip: BROKEN,
  GzipCorrupt: BROKEN,
  GzipTruncated: BROKEN,
  GzipTrailingData: BROKEN,
  NotTar: BROKEN,
  BadChecksum: BROKEN,
  Truncated: BROKEN,
  MissingEnd: BROKEN,
  TrailingData: BROKEN,

  BadHeader: REFUSED,
  BadSize: REFUSED,
  BadPadding: REFUSED,
  BadPaxHeader: REFUSED,
  UnsupportedPaxKey: REFUSED,
  UnexpectedBody: REFUSED,
  UnsupportedType: REFUSED,
  EntryNotAllowed: REFUSED,
  TopFolder: REFUSED,
  WrongCommit: REFUSED,
  PathEmpty: REFUSED,
  PathAbsolute: REFUSED,
  PathTraversal: REFUSED,
  PathBackslash: REFUSED,
  PathForbiddenCharacter: REFUSED,
  PathNotUtf8: REFUSED,
  PathReserved: REFUSED,
  PathProtected: REFUSED,
  DuplicatePath: REFUSED,
  PathCollision: REFUSED,
  FileAndFolder: REFUSED,

  CompressedTooLarge: { reason: REASONS.archiveTooLarge, advice: 'keep the template in a smaller repository' },
  ExpandedTooLarge: {
    reason: REASONS.expandedTooLarge,
    advice: 'keep the template in a repository with less data in its files',
  },
  TooManyEntries: { reason: REASONS.tooManyEntries, advice: 'keep the template in a repository with fewer files' },
  PaxHeaderTooLarge: {
    reason: REASONS.paxHeaderTooLarge,
    advice: 'push a revision with shorter names and link targets',
  },
  PathTooLong: { reason: REASONS.pathTooLong, advice: `shorten it to ${PATH_LIMITS.pathBytes} bytes` },
  PathComponentTooLong: {
    reason: REASONS.pathComponentTooLong,
    advice: `shorten the name of each file and folder to ${PATH_LIMITS.componentBytes} bytes`,
  },
  PathTooDeep: { reason: REASONS.pathTooDeep, advice: `keep it in fewer folders, ${PATH_LIMITS.depth} names at most` },
  FileTooLarge: {
    reason: REASONS.fileTooLarge,
    advice: 'keep that file out of the repository, or raise spec.limits.assetsBytes',
  },
  AssetsTooLarge: {
    reason: REASONS.assetsTooLarge,
    advice: 'include less (spec.include), or raise spec.limits.assetsBytes',
  },
  RatioTooHigh: { reason: REASONS.ratioTooHigh, advice: 'push a revision without the files that are mere filler' },
  TooSlow: {
    reason: REASONS.archiveTooSlow,
    advice: 'see what keeps the operator or its disk busy, or keep the template in a smaller repository',
    mayPass: true,
  },

  NothingIncluded: { reason: REASONS.nothingIncluded, advice: 'correct spec.include or spec.source.subPath' },
};

/** Why an archive is refused as a whole; the error's own words name the entry, escaped. */
export function explainArchive({ code, message }: ArchiveError): Failure {
  const { reason, advice, mayPass = false } = EXPLANATIONS[code];
  return { reason, message: `${message}; ${advice}`, isFinal: !mayPass };
}
