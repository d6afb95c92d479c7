import type { PathFault } from '../../rules/asset-path.ts';
import type { CollisionFault } from '../../rules/asset-tree.ts';

/** Why an archive was refused. API: they appear in conditions and reports, so none changes its meaning. */
export type ArchiveErrorCode =
  | PathFault
  | CollisionFault
  // the gzip frame
  | 'NotGzip'
  | 'GzipCorrupt'
  | 'GzipTruncated'
  | 'GzipTrailingData'
  // the tar structure
  | 'NotTar'
  | 'BadChecksum'
  | 'BadHeader'
  | 'BadSize'
  | 'BadPadding'
  | 'BadPaxHeader'
  | 'UnsupportedPaxKey'
  | 'Truncated'
  | 'MissingEnd'
  | 'TrailingData'
  | 'UnexpectedBody'
  | 'UnsupportedType'
  // what the archive holds
  | 'EntryNotAllowed'
  | 'TopFolder'
  | 'NothingIncluded'
  | 'WrongCommit'
  // limits
  | 'CompressedTooLarge'
  | 'ExpandedTooLarge'
  | 'TooManyEntries'
  | 'PaxHeaderTooLarge'
  | 'FileTooLarge'
  | 'AssetsTooLarge'
  | 'RatioTooHigh'
  | 'TooSlow';

/**
 * The archive is refused as a whole and nothing of it was kept. Fetching the same commit again would not help. The
 * message is safe to show: paths in it are escaped and shortened.
 */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: ArchiveErrorCode;
  /** As in the archive, unescaped: never print it. */
  readonly path?: string;

  constructor(
    code: ArchiveErrorCode,
    detail: { readonly message: string; readonly path?: string; readonly cause?: unknown },
  ) {
    const where = detail.path === undefined ? '' : ` at ${escapePath(detail.path)}`;
    super(
      `Cannot accept archive: ${detail.message}${where} (${code})`,
      detail.cause === undefined ? {} : { cause: detail.cause },
    );
    this.code = code;
    if (detail.path !== undefined) this.path = detail.path;
  }
}

const SHOWN_LENGTH = 120;

/** A path as quoted ASCII, at most 120 characters of it, so that it can neither forge log lines nor reorder text. */
export function escapePath(path: string): string {
  const shown = path.length > SHOWN_LENGTH ? `${path.slice(0, SHOWN_LENGTH)}…` : path;
  return JSON.stringify(shown).replace(
    /[\u007f-\u2025\u2027-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
