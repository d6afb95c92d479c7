import { describe, expect, it } from 'vitest';
import { ArchiveError } from '../../../src/assets/archive/archive-error.ts';
import { BundleError } from '../../../src/assets/bundle/format.ts';
import { EXIT, MaterializeError } from '../../../src/materialize/exit-codes.ts';
import { resultOfFailure } from '../../../src/materialize/result.ts';

describe('a failure', () => {
  it.each([
    ['an archive', new ArchiveError('NotGzip', { message: 'it is not gzip data' }), 65, 'refused'],
    ['a bundle', new BundleError('it is cut off'), 65, 'refused'],
    ['a wait', new MaterializeError(EXIT.tryAgain, 'Not now'), 75, 'waiting'],
    ['a stop', new DOMException('stopped', 'AbortError'), 75, 'waiting'],
    ['a full disk', Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }), 73, 'failed'],
    ['something thrown that is no error', 'oops', 73, 'failed'],
  ] as const)('of %s gets its exit code and outcome', (_what, error, exitCode, outcome) => {
    expect(resultOfFailure(error)).toMatchObject({ exitCode, report: { outcome, files: 0, changes: [] } });
  });

  it('names files as their reader knows them, in one printable line', () => {
    const error = new Error("EACCES: permission denied,\nrename '/proc/self/fd/22/config.yaml' -> '/proc/self/fd/7/x'");
    expect(resultOfFailure(error, 'sha256:x').report).toMatchObject({
      wantedDigest: 'sha256:x',
      reason: "Cannot heal volume: EACCES: permission denied, rename 'config.yaml' -> 'x'",
    });
  });
});
