import { ArchiveError } from '../assets/archive/archive-error.ts';
import { BundleError } from '../assets/bundle/format.ts';
import type { MaterializeReport } from '../assets/report.ts';
import { coerceError } from '../platform/errors.ts';
import { EXIT, type ExitCode, MaterializeError } from './exit-codes.ts';
import { explainFileError } from './explain-file-error.ts';
import { reportFailure } from './report.ts';

export interface RunResult {
  readonly exitCode: ExitCode;
  readonly report: MaterializeReport;
}

/** The one place where a failure becomes an exit code and a report. */
export function resultOfFailure(thrown: unknown, wantedDigest?: string): RunResult {
  const error = coerceError(thrown);
  const exitCode = exitCodeOf(error);
  const reason = exitCode === EXIT.cannotWrite ? `Cannot heal volume: ${explainFileError(error)}` : error.message;
  const outcome = exitCode === EXIT.tryAgain ? 'waiting' : exitCode === EXIT.cannotWrite ? 'failed' : 'refused';
  return {
    exitCode,
    report: reportFailure(outcome, { reason, ...(wantedDigest === undefined ? {} : { wantedDigest }) }),
  };
}

/** What no other code claims is a volume that does not let us: full, read-only, not ours, broken. */
function exitCodeOf(error: Error): Exclude<ExitCode, 0> {
  if (error instanceof MaterializeError) return error.exitCode;
  if (error instanceof ArchiveError || error instanceof BundleError) return EXIT.refused;
  return error.name === 'AbortError' ? EXIT.tryAgain : EXIT.cannotWrite;
}
