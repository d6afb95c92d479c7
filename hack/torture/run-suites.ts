import { coerceError } from '../../src/platform/errors.ts';
import type { Suite, SuiteResult } from '../../test/torture/suite.ts';

export interface SuiteOutcome extends SuiteResult {
  readonly suite: string;
  readonly seed: number;
  readonly runs: number;
  readonly seconds: number;
}

export interface PlannedSuite {
  readonly suite: Suite;
  readonly runs: number;
}

export interface RunSuitesOptions {
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly suite: string; readonly done: number; readonly runs: number }) => void;
  readonly onOutcome: (outcome: SuiteOutcome) => void;
}

/** One after the other: each has the machine to itself. A suite that cannot run at all counts as one failure. */
export async function runSuites(
  planned: readonly PlannedSuite[],
  { seed, signal, onProgress, onOutcome }: RunSuitesOptions,
): Promise<readonly SuiteOutcome[]> {
  const outcomes: SuiteOutcome[] = [];
  for (const { suite, runs } of planned) {
    const startedMs = performance.now();
    const progress = (done: number): void => onProgress({ suite: suite.name, done, runs });
    const result = await suite.run({ seed, runs, signal, onProgress: progress }).catch((error: unknown) => {
      signal.throwIfAborted();
      return cannotRun(error);
    });
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    const outcome = { suite: suite.name, seed, runs, seconds, ...result };
    outcomes.push(outcome);
    onOutcome(outcome);
  }
  return outcomes;
}

function cannotRun(error: unknown): SuiteResult {
  return { passed: 0, failures: [`cannot run: ${coerceError(error).message}`], counts: {} };
}

export function total(outcomes: readonly SuiteOutcome[]): { readonly passed: number; readonly failed: number } {
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, { failures }) => sum + failures.length, 0);
  return { passed, failed };
}
