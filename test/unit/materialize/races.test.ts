import { describe, expect, it } from 'vitest';
import { races } from '../../torture/races.ts';

const SEED = 20_261_121;

describe('a neighbour who races with the init container', () => {
  it('gets it out of the volume in none of 20,000 attempts', { timeout: 120_000 }, async () => {
    const { failures, counts } = await races.run({ seed: SEED, runs: 20_000, signal: new AbortController().signal });
    expect(failures).toEqual([]);
    expect(counts.escapes).toBe(0);
    expect(Math.min(counts.between ?? 0, counts.live ?? 0)).toBeGreaterThanOrEqual(8_000);
  });
});
