import { describe, expect, it } from 'vitest';
import { MUTATIONS } from '../../../torture/fuzz/mutations.ts';
import { fuzz } from '../../../torture/fuzz.ts';

const RUNS = 20_000;

describe('a generated archive', () => {
  it('gives what was put into it when it is valid, and what it now holds or a refusal when it is not', async () => {
    const { passed, failures, counts } = await fuzz.run({ seed: 1, runs: RUNS, signal: AbortSignal.timeout(290_000) });
    expect(failures).toEqual([]);
    expect(passed).toBe(RUNS);
    expect(counts.valid).toBe(Math.ceil(RUNS / 3));
    expect(Object.keys(counts)).toEqual(expect.arrayContaining(Object.keys(MUTATIONS)));
    expect(Math.min(...Object.keys(MUTATIONS).map((name) => counts[name] ?? 0))).toBeGreaterThan(RUNS / 100);
  }, 300_000);
});
