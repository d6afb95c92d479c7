import { describe, expect, it } from 'vitest';
import { runSeed } from './run.ts';
import { drawScenario } from './scenario.ts';

const { FAULT_SEED, FAULT_RUNS = '300' } = process.env;
const seeds =
  FAULT_SEED === undefined
    ? Array.from({ length: Number(FAULT_RUNS) }, (_none, index) => index + 1)
    : [Number(FAULT_SEED)];

describe('everything heals within a minute of', () => {
  it.each(seeds.map((seed) => ({ seed, title: drawScenario(seed).title })))(
    '$title (FAULT_SEED=$seed)',
    async ({ seed }) => {
      const { failures } = await runSeed(seed);
      const again = `Again: FAULT_SEED=${seed} npx vitest run --project unit test/unit/faults/runs`;
      expect(failures, again).toEqual([]);
    },
  );
});
