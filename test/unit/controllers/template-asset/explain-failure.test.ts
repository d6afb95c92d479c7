import { describe, expect, it } from 'vitest';
import { FluxDownloadError } from '../../../../src/assets/fetch/flux-client.ts';
import { FetchError, type FetchErrorCode } from '../../../../src/assets/fetch/forge.ts';
import { AssetRequestError } from '../../../../src/assets/store/asset-request.ts';
import { StoreFullError } from '../../../../src/assets/store/store-room.ts';
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
    ['AddressRefused', 'AddressRefused', false],
    ['HostNotAllowed', 'HostNotAllowed', false],
    ['TLSFailed', 'TLSFailed', false],
    ['TimedOut', 'FetchTimedOut', false],
    ['InvalidSource', 'SourceInvalid', true],
  ])('says of %s that it is %s and what to do; final: %s', (code, reason, isFinal) => {
    const failure = explainFailure(new FetchError(code, 'What is'));
    expect(failure).toMatchObject({ reason, isFinal });
    expect(failure?.message).toMatch(/^What is; \w.{10,}[^.]$/);
  });

  it('names the flag that lets a private forge be asked', () => {
    const failure = explainFailure(new FetchError('AddressRefused', 'What is'));
    expect(failure?.message).toContain("listed in the operator's flag --forge-networks");
  });

  it.each<[FluxDownloadError['code'], string, RegExp]>([
    ['DigestMismatch', 'ArtifactMismatch', /^What is; see what answers there/],
    ['NotFound', 'ArtifactNotFound', /^Flux keeps the artifact no more \(404\); see why/],
    ['Unauthorized', 'FetchFailed', /^Flux does not hand the artifact to the operator .*NetworkPolicy/],
    ['TooLarge', 'ArchiveTooLarge', /spec\.ignore/],
    ['AddressRefused', 'AddressRefused', /--forge-networks/],
    ['RedirectRefused', 'RedirectRefused', /^What is; see what answers there/],
    ['HostNotFound', 'HostNotFound', /controller of Flux runs/],
    ['TLSFailed', 'TLSFailed', /controller of Flux runs/],
    ['TimedOut', 'FetchTimedOut', /NetworkPolicy/],
    ['Unreachable', 'FetchFailed', /NetworkPolicy/],
    ['BadResponse', 'FetchFailed', /controller of Flux runs/],
  ])('says of a download from Flux that ended in %s that it is %s, and nothing of forges', (code, reason, advice) => {
    const failure = explainFailure(new FluxDownloadError(code, 'What is'));
    expect(failure).toMatchObject({ reason, isFinal: false, message: expect.stringMatching(advice) });
    expect(failure?.message).not.toMatch(/spec\.source|token/);
  });

  it('says of a store without room how room is made', () => {
    expect(
      explainFailure(new StoreFullError('Cannot keep assets: the store is full of trees that are in use')),
    ).toEqual({
      reason: 'StoreFull',
      message:
        'Cannot keep assets: the store is full of trees that are in use; let the operator keep more (--store-bytes and the volume of --store-dir), lower spec.limits.assetsBytes, or delete TemplateAssets that nobody uses',
      isFinal: false,
    });
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
