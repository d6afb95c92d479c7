import { describe, expect, it } from 'vitest';
import { renderOutcome, renderSummary } from '../../../hack/torture/render.ts';
import { runSuites, type SuiteOutcome } from '../../../hack/torture/run-suites.ts';
import type { Suite } from '../../torture/suite.ts';

const GOOD: Suite = {
  name: 'good',
  run: async ({ seed, runs, onProgress }) => {
    onProgress?.(runs);
    return { passed: runs, failures: [], counts: { refused: seed } };
  },
};
const BAD: Suite = {
  name: 'bad',
  run: async ({ runs }) => ({
    passed: runs - 1,
    failures: ['seed 7, index 3: expected refusal, got 2 files'],
    counts: {},
  }),
};
const BROKEN: Suite = {
  name: 'broken',
  run: async () => {
    throw new Error('no such device');
  },
};

async function run(suites: readonly Suite[], signal = new AbortController().signal) {
  const told: string[] = [];
  const outcomes = await runSuites(
    suites.map((suite) => ({ suite, runs: 10 })),
    {
      seed: 7,
      signal,
      onProgress: ({ suite, done, runs }) => told.push(`${suite} ${done}/${runs}`),
      onOutcome: ({ suite }) => told.push(`${suite} over`),
    },
  );
  return { told, outcomes };
}

describe('the torture suites', () => {
  it('run one after the other with the same seed, and each is told when it is over', async () => {
    const { told, outcomes } = await run([GOOD, BAD]);
    expect(told).toEqual(['good 10/10', 'good over', 'bad over']);
    expect(outcomes.map(({ suite, seed, runs, passed }) => [suite, seed, runs, passed])).toEqual([
      ['good', 7, 10, 10],
      ['bad', 7, 10, 9],
    ]);
  });

  it('count one that cannot run at all as a failure, and run those after it', async () => {
    const { outcomes } = await run([BROKEN, GOOD]);
    expect(outcomes.map(({ failures }) => failures)).toEqual([['cannot run: no such device'], []]);
  });

  it('end at once when they are stopped, whatever the suite makes of it', async () => {
    const stop = AbortSignal.abort(new Error('Stopped by SIGINT'));
    await expect(run([BROKEN, GOOD], stop)).rejects.toThrow('Stopped by SIGINT');
  });
});

describe('what the torture suites print', () => {
  const outcome = (changes: Partial<SuiteOutcome>): SuiteOutcome => ({
    suite: 'fuzz',
    seed: 7,
    runs: 10,
    seconds: 1.5,
    passed: 10,
    failures: [],
    counts: {},
    ...changes,
  });

  it('is a line for each with its counts and its seed', () => {
    expect(renderOutcome(outcome({ counts: { valid: 4, refused: 6 } }))).toBe(
      'fuzz: ok: 10 passed, 0 failed, 1.5 s, seed 7, runs 10 (4 valid; 6 refused)',
    );
  });

  it('is every failure with the command that has it again, and the counts of all as the last line', () => {
    expect(
      renderSummary([outcome({}), outcome({ suite: 'races', passed: 9, failures: ['index 3: an escape'] })]),
    ).toEqual([
      '',
      'races: again with: make torture SUITE=races SEED=7 RUNS=10',
      '  index 3: an escape',
      '',
      '19 passed, 1 failed',
    ]);
  });

  it('is not more failures than somebody reads', () => {
    const failures = Array.from({ length: 30 }, (_, index) => `index ${index}`);
    const lines = renderSummary([outcome({ failures })]);
    expect(lines).toHaveLength(25);
    expect(lines).toContain('  and 10 more; all of them with -o json');
    expect(lines.at(-1)).toBe('10 passed, 30 failed');
  });
});
