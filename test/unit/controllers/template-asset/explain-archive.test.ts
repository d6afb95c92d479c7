import { describe, expect, it } from 'vitest';
import { ArchiveError, type ArchiveErrorCode } from '../../../../src/assets/archive/archive-error.ts';
import { explainFailure } from '../../../../src/controllers/template-asset/explain-failure.ts';

const BROKEN = 'NotAnArchive';
const REFUSED = 'ArchiveRefused';

/** All that an archive can be refused for, by the type. */
const REASON_OF: Readonly<Record<ArchiveErrorCode, string>> = {
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
  CompressedTooLarge: 'ArchiveTooLarge',
  ExpandedTooLarge: 'ExpandedTooLarge',
  TooManyEntries: 'TooManyEntries',
  PaxHeaderTooLarge: 'PaxHeaderTooLarge',
  PathTooLong: 'PathTooLong',
  PathComponentTooLong: 'PathComponentTooLong',
  PathTooDeep: 'PathTooDeep',
  FileTooLarge: 'FileTooLarge',
  AssetsTooLarge: 'AssetsTooLarge',
  RatioTooHigh: 'RatioTooHigh',
  TooSlow: 'ArchiveTooSlow',
  NothingIncluded: 'NothingIncluded',
};
const CODES = Object.keys(REASON_OF) as readonly ArchiveErrorCode[];

const explain = (code: ArchiveErrorCode) =>
  explainFailure(new ArchiveError(code, { message: 'what is', path: 'a/\u202eb' }));

describe('an archive that is refused', () => {
  it.each(CODES)('for %s names the entry, escaped, and what to do', (code) => {
    expect(explain(code)).toMatchObject({
      reason: REASON_OF[code],
      message: expect.stringMatching(
        new RegExp(String.raw`^Cannot accept archive: what is at "a/\\u202eb" \(${code}\); \w.{10,}[^.]$`),
      ),
    });
  });

  it('has for each bound a reason of its own', () => {
    const reasons = Object.values(REASON_OF).filter((reason) => reason !== BROKEN && reason !== REFUSED);
    expect(reasons).toHaveLength(12);
    expect(new Set(reasons).size).toBe(reasons.length);
  });

  it('is not looked at again before the revision or spec changes, unless what came may have been a moment’s', () => {
    const passing = CODES.filter((code) => explain(code)?.isFinal === false);
    expect(passing).toEqual([...CODES.filter((code) => REASON_OF[code] === BROKEN), 'TooSlow']);
  });

  it.each<[ArchiveErrorCode, RegExp]>([
    ['NotGzip', /spec\.source\.baseURL/],
    ['PathTraversal', /push a revision without/],
    ['AssetsTooLarge', /spec\.include.*spec\.limits\.assetsBytes/],
    ['FileTooLarge', /that file.*spec\.limits\.assetsBytes/],
    ['ExpandedTooLarge', /repository with less data/],
    ['PathTooLong', /512 bytes/],
    ['PathComponentTooLong', /255 bytes/],
    ['PathTooDeep', /32 names at most/],
    ['TooSlow', /operator or its disk/],
    ['NothingIncluded', /spec\.include or spec\.source\.subPath/],
  ])('for %s says what to change', (code, advice) => {
    expect(explain(code)?.message).toMatch(advice);
  });
});
