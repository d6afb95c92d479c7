import { expect, it } from 'vitest';
import { ssrf } from '../../../torture/ssrf.ts';

const RUNS = 500;

it('nothing that points elsewhere reaches the sink, and no token leaves its origin', async () => {
  const { signal } = new AbortController();
  const { passed, failures, counts } = await ssrf.run({ seed: 1, runs: RUNS, signal });
  expect(failures).toEqual([]);
  expect(passed).toBe(RUNS);
  // The harmless ones among them: a fetcher that refuses everything would prove nothing.
  expect(counts.delivered).toBe(6);
});
