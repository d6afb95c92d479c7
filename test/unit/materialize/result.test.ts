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

  it.each([
    ['ENOSPC', 'it is full; make room on it or give it a larger size'],
    ['EDQUOT', 'its quota is used up; make room on it or raise the quota'],
    ['EROFS', 'it is read-only; have it mounted with the right to write'],
    ['EIO', 'its disk does not read or write any more; see to the storage'],
    ['EACCES', 'something on it belongs to another user and is closed to us; give it to the user of the agent'],
  ])('of the volume says what to do: %s', (code, advice) => {
    const path = '/proc/self/fd/22/file-0123456789abcdef';
    const error = Object.assign(new Error(`${code}: failed, open '${path}'`), { code });
    expect(resultOfFailure(error).report.reason).toBe(`Cannot heal volume: ${advice} (${code}: failed, open 'file')`);
  });
});
