import { describe, expect, it } from 'vitest';
import { ArchiveError, type ArchiveErrorCode } from '../../../../src/assets/archive/archive-error.ts';
import { FetchError, type FetchErrorCode } from '../../../../src/assets/fetch/forge.ts';
import { AssetRequestError } from '../../../../src/assets/store/asset-store.ts';
import { explainFailure } from '../../../../src/controllers/template-asset/explain-failure.ts';

describe('explainFailure()', () => {
  it.each<[FetchErrorCode, string, boolean]>([
    ['Unauthorized', 'Unauthorized', false],
    ['RateLimited', 'RateLimited', false],
    ['RepositoryNotFound', 'RepositoryNotFound', false],
    ['RepositoryEmpty', 'RepositoryEmpty', false],
    ['RefNotFound', 'RefNotFound', false],
    ['RefAbbreviated', 'RefAbbreviated', true],
    ['NotFound', 'RepositoryNotFound', false],
    ['BadResponse', 'FetchFailed', false],
    ['RedirectRefused', 'RedirectRefused', false],
    ['TooLarge', 'ArchiveTooLarge', true],
    ['Unreachable', 'FetchFailed', false],
    ['HostNotFound', 'HostNotFound', false],
    ['TLSFailed', 'TLSFailed', false],
    ['TimedOut', 'FetchTimedOut', false],
    ['InvalidSource', 'SourceInvalid', true],
  ])('says of %s that it is %s and what to do; final: %s', (code, reason, isFinal) => {
    const failure = explainFailure(new FetchError(code, 'What is'));
    expect(failure).toMatchObject({ reason, isFinal });
    expect(failure?.message).toMatch(/^What is; \w.{10,}[^.]$/);
  });

  it.each<[ArchiveErrorCode, string, boolean, RegExp]>([
    ['NotGzip', 'NotAnArchive', false, /spec\.source\.baseURL/],
    ['Truncated', 'NotAnArchive', false, /spec\.source\.baseURL/],
    ['AssetsTooLarge', 'AssetsTooLarge', true, /spec\.include.*spec\.limits\.assetsBytes/],
    ['ExpandedTooLarge', 'ArchiveTooLarge', true, /smaller repository/],
    ['NothingIncluded', 'NothingIncluded', true, /spec\.include or spec\.source\.subPath/],
    ['PathTraversal', 'ArchiveRefused', true, /push a revision/],
    ['EntryNotAllowed', 'ArchiveRefused', true, /push a revision/],
    ['PathCollision', 'ArchiveRefused', true, /push a revision/],
  ])('says of an archive with %s that it is %s and what to do; final: %s', (code, reason, isFinal, advice) => {
    const failure = explainFailure(new ArchiveError(code, { message: 'what is' }));
    expect(failure).toMatchObject({ reason, isFinal, message: expect.stringMatching(advice) });
  });

  it('says of a request that cannot be meant that only spec can help', () => {
    expect(explainFailure(new AssetRequestError('Cannot take assets: Include is empty'))).toEqual({
      reason: 'SourceInvalid',
      message: 'Cannot take assets: Include is empty; correct spec.include or spec.source',
      isFinal: true,
    });
  });

  it('knows nothing to say about a mistake of ours', () => {
    expect(explainFailure(new TypeError('x'))).toBeUndefined();
    expect(explainFailure(new RangeError('x'))).toBeUndefined();
  });
});
