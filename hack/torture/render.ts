import { type SuiteOutcome, total } from './run-suites.ts';

const SHOWN_FAILURES = 20;

export function renderOutcome({ suite, seed, runs, seconds, passed, failures, counts }: SuiteOutcome): string {
  const told = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  const verdict = failures.length === 0 ? 'ok' : 'FAILED';
  const parts = [`${passed} passed`, `${failures.length} failed`, `${seconds} s`, `seed ${seed}`, `runs ${runs}`];
  return `${suite}: ${verdict}: ${parts.join(', ')}${told.length === 0 ? '' : ` (${told.join('; ')})`}`;
}

/** What went wrong and how to have it again, for all suites; the last line counts. */
export function renderSummary(outcomes: readonly SuiteOutcome[]): readonly string[] {
  const { passed, failed } = total(outcomes);
  return [...outcomes.flatMap(renderFailures), `${passed} passed, ${failed} failed`];
}

function renderFailures({ suite, seed, runs, failures }: SuiteOutcome): readonly string[] {
  if (failures.length === 0) return [];
  const hidden = failures.length - SHOWN_FAILURES;
  return [
    '',
    `${suite}: again with: make torture SUITE=${suite} SEED=${seed} RUNS=${runs}`,
    ...failures.slice(0, SHOWN_FAILURES).map((failure) => `  ${failure}`),
    ...(hidden > 0 ? [`  and ${hidden} more; all of them with -o json`] : []),
    '',
  ];
}
