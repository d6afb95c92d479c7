import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs } from '../../../src/platform/backoff.ts';

it('doubles, stays between half and whole, and never passes the cap', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, random) => {
        const full = Math.min(100 * 2 ** Math.min(failures - 1, 30), 30_000);
        const delayMs = backoffMs(failures, { firstMs: 100, capMs: 30_000, random: () => random });
        expect(delayMs).toBeGreaterThanOrEqual(full / 2);
        expect(delayMs).toBeLessThanOrEqual(full);
      },
    ),
  );
});
